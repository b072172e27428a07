BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recovery_needs();
DROP FUNCTION health_internal.troubled_agents();

COMMIT;
