BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.recovery_steps;
DROP TABLE health.recovery_actions;
DROP SEQUENCE health_internal.fencing_tokens;
DROP DOMAIN health.step_outcome;
DROP DOMAIN health.recovery_hold;
DROP DOMAIN health.recovery_state;
DROP DOMAIN health.recovery_issue;

COMMIT;
