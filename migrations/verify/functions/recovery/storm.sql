BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.open_storm_alert(timestamptz, text)'::regprocedure;
    PERFORM 'health_internal.close_storm_alert(timestamptz, text, text)'::regprocedure;
    PERFORM 'health_internal.watch_storm(timestamptz, bigint)'::regprocedure;
    PERFORM 'health.approve_recoveries(text, text [], timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
