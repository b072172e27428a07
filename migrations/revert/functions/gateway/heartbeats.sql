BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.record_heartbeats(json);
DROP FUNCTION health_internal.insert_heartbeats(json);

COMMIT;
