BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.open_recovery_failed(timestamptz, text [], text, boolean);
DROP FUNCTION health_internal.close_fleet_incidents(timestamptz);
DROP FUNCTION health_internal.open_fleet_incident(timestamptz, text [], text, text);

COMMIT;
