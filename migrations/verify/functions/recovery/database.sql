BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.find_stuck_sessions()'::regprocedure;
    PERFORM 'health_internal.watch_stuck_sessions(timestamptz)'::regprocedure;
    PERFORM 'health_internal.terminate_stuck_sessions(timestamptz, text)'::regprocedure;
END;
$$;

ROLLBACK;
