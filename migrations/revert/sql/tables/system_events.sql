BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.system_events;

COMMIT;
