BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.open_fleet_incident(timestamptz, text [], text, text)'::regprocedure;
    PERFORM 'health_internal.close_fleet_incidents(timestamptz)'::regprocedure;
    PERFORM 'health_internal.open_recovery_failed(timestamptz, text [], text, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
