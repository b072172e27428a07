BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.rule_findings;

COMMIT;
