BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.recovery_storms;

COMMIT;
