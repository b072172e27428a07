BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.alert_events;
DROP TABLE health.alerts;
DROP TABLE health.incidents;
DROP TABLE health.alert_rules;

COMMIT;
