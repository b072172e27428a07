BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.rescue_recoveries(timestamptz)'::regprocedure;
    PERFORM 'health_internal.verify_recoveries(timestamptz)'::regprocedure;
    PERFORM 'health_internal.run_own_steps(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
