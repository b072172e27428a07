BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.clock_offset(text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.clock_change(text, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.runs_of_day(integer [], boolean, text, date)'::regprocedure;
END;
$$;

ROLLBACK;
