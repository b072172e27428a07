BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.flapping_agents;
DROP TABLE health.maintenance_periods;
DROP TABLE health.maintenance_windows;
DROP TABLE health.silences;

COMMIT;
