BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.baselines;

COMMIT;
