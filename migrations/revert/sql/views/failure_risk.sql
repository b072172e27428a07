BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.failure_risk;

COMMIT;
