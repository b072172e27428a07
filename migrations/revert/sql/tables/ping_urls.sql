BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.ping_urls;

COMMIT;
