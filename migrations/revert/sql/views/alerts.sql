BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.suppressions;
DROP VIEW health.alert_history;
DROP VIEW health.open_alerts;

COMMIT;
