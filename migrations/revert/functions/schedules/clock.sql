BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.runs_of_day(integer [], boolean, text, date);
DROP FUNCTION health_internal.clock_change(text, timestamptz, timestamptz);
DROP FUNCTION health_internal.clock_offset(text, timestamptz);

COMMIT;
