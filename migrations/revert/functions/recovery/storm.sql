BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.approve_recoveries(text, text [], timestamptz);
DROP FUNCTION health_internal.watch_storm(timestamptz, bigint);
DROP FUNCTION health_internal.close_storm_alert(timestamptz, text, text);
DROP FUNCTION health_internal.open_storm_alert(timestamptz, text);

COMMIT;
