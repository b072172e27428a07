BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.deliveries;
DROP TABLE health.channels;

COMMIT;
