BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.resource_trends;
DROP TABLE health.resource_limits;
DROP TABLE health_internal.foresight_parts;

COMMIT;
