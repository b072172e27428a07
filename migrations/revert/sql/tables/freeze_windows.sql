BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.freeze_windows;

COMMIT;
