BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.roll_up_hours(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM 'health_internal.roll_up_days(timestamptz, timestamptz, text [])'::regprocedure;
END;
$$;

ROLLBACK;
