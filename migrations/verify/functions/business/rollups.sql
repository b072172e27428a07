BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.roll_up_hours(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM 'health_internal.roll_up_days(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM 'health_internal.roll_up_heartbeats(text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.sweep_rollups(timestamptz)'::regprocedure;
    PERFORM 'health_internal.correct_rollups(timestamptz)'::regprocedure;
    PERFORM 'health_internal.roll_up_step(timestamptz)'::regprocedure;
    PERFORM 'health.run_rollups()'::regprocedure;
END;
$$;

ROLLBACK;
