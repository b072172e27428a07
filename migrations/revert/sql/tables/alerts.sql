BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.alert_change;
DROP TABLE health.alert_events;
DROP TABLE health.alerts;
DROP TABLE health.incident_members;
DROP TABLE health.incidents;

COMMIT;
