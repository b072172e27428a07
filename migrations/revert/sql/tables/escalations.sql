BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.escalation_steps;
DROP TABLE health.escalation_policies;

COMMIT;
