BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.roll_up_days(timestamptz, timestamptz, text []);
DROP FUNCTION health_internal.roll_up_hours(timestamptz, timestamptz, text []);

COMMIT;
