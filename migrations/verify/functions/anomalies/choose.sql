BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.set_watched(text, text, boolean, timestamptz)'::regprocedure;
    PERFORM 'health.watch_series(text, text, timestamptz)'::regprocedure;
    PERFORM 'health.unwatch_series(text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
