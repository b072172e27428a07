BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.troubled_agents()'::regprocedure;
    PERFORM 'health_internal.recovery_needs()'::regprocedure;
END;
$$;

ROLLBACK;
