BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.schedule_day(health_internal.schedule_plan, date, integer);

COMMIT;
