BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.sweep_rollups(timestamptz)'::regprocedure;
    PERFORM 'health_internal.roll_up_step(timestamptz)'::regprocedure;
    PERFORM 'health.run_rollups()'::regprocedure;
END;
$$;

ROLLBACK;
