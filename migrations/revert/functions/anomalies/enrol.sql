BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.enrol_arrived(timestamptz, health_internal.arrival_range);
DROP FUNCTION health_internal.heartbeat_gauges();

COMMIT;
