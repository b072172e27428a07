BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.watch_sessions(timestamptz, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
