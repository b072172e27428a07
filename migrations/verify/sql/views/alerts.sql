BEGIN;

SELECT FROM health.open_alerts WHERE false;

SELECT FROM health.alert_history WHERE false;

SELECT FROM health.suppressions WHERE false;

ROLLBACK;
