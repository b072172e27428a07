BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.disable_alert_rule(text, timestamptz);
DROP FUNCTION health.enable_alert_rule(text, timestamptz);
DROP FUNCTION health_internal.switch_alert_rule(text, boolean, timestamptz);
DROP FUNCTION health.remove_alert_rule(text, timestamptz);
DROP FUNCTION health.add_alert_rule(text, text, text, text, interval, integer, timestamptz);

COMMIT;
