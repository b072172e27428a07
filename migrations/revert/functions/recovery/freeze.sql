BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.end_freeze_window(bigint, text, timestamptz);
DROP FUNCTION health.add_weekly_freeze_window(text, integer [], time, interval, text, text, text);
DROP FUNCTION health.add_freeze_window(text, timestamptz, timestamptz, text, text);
DROP FUNCTION health_internal.check_policy_class(text);
DROP FUNCTION health_internal.open_freeze_windows(timestamptz);

COMMIT;
