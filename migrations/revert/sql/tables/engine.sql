BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.monitor_gaps;
DROP TABLE health_internal.engine;
DROP TABLE health.settings;

COMMIT;
