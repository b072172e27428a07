BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.close_alerts(timestamptz, bigint []);
DROP FUNCTION health_internal.open_alerts(timestamptz, health_internal.alert_change []);
DROP FUNCTION health_internal.trouble_began_at(text, timestamptz);

COMMIT;
