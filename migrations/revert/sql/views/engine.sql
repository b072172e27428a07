BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.system_health;
DROP VIEW health.engine_health;
DROP FUNCTION health_internal.oldest_snapshot();

COMMIT;
