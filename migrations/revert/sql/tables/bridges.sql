BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.bridges;

COMMIT;
