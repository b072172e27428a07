BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.step_points(timestamptz, timestamptz, bigint [])'::regprocedure;
    PERFORM 'health_internal.step_minute(timestamptz, timestamptz, bigint, integer)'::regprocedure;
END;
$$;

ROLLBACK;
