BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.assess_under(health.policies, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
