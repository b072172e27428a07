BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.mute;
DROP TABLE health_internal.notices;
DROP TABLE health.deliveries;
DROP TYPE health_internal.digest_line;
DROP TABLE health.channels;

COMMIT;
