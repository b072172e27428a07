BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.hourly_series(timestamptz, timestamptz, timestamptz, timestamptz, tstzmultirange)'::regprocedure;
    PERFORM 'health_internal.record_of(timestamptz, timestamptz, timestamptz, tstzmultirange)'::regprocedure;
    PERFORM 'health_internal.choose_step(interval, double precision, double precision, integer, integer)'::regprocedure;
    PERFORM 'health_internal.choose_anchor(timestamptz, interval, double precision, timestamptz [])'::regprocedure;
    PERFORM 'health_internal.training_grid(interval, timestamptz, interval, integer)'::regprocedure;
END;
$$;

ROLLBACK;
