BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.assess_agents(health_internal.turn, health.policies)'::regprocedure;
END;
$$;

ROLLBACK;
