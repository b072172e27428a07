BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.arrival_range;
DROP TYPE health_internal.blindness;
DROP TABLE health.monitor_gaps;
DROP TABLE health_internal.act_causes;
DROP TABLE health_internal.engine;
DROP TABLE health.settings;

COMMIT;
