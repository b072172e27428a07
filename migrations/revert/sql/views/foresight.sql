BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.foresight_health;
DROP VIEW health.policy_comparison;
DROP VIEW health.exhaustion;

COMMIT;
