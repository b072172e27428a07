BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.recovery_steps;
DROP TABLE health.recovery_actions;
DROP SEQUENCE health_internal.fencing_tokens;

COMMIT;
