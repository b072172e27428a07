BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.previous_run_at(text, text, timestamptz);
DROP FUNCTION health_internal.next_run_at(text, text, timestamptz);
DROP FUNCTION health_internal.find_run(
    health_internal.schedule_plan, text, timestamptz, integer
);
DROP FUNCTION health_internal.runs_of_day(integer [], boolean, text, date);
DROP FUNCTION health_internal.clock_change(text, timestamptz, timestamptz);
DROP FUNCTION health_internal.clock_offset(text, timestamptz);
DROP FUNCTION health_internal.schedule_day(health_internal.schedule_plan, date, integer);

COMMIT;
