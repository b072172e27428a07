BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.heartbeat_gauges()'::regprocedure;
    PERFORM 'health_internal.enrol_arrived(timestamptz, health_internal.arrival_range)'::regprocedure;
END;
$$;

ROLLBACK;
