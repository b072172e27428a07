BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.strange_point;
DROP TABLE health.anomalies;

COMMIT;
