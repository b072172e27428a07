BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.series_phase(timestamptz, boolean)'::regprocedure;
    PERFORM 'health_internal.note_series_error(text)'::regprocedure;
    PERFORM 'health_internal.forget_series(text [])'::regprocedure;
    PERFORM 'health_internal.sweep_series(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
