BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.alert_rules;

COMMIT;
