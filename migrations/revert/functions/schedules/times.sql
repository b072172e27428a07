BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.previous_run_at(text, text, timestamptz);
DROP FUNCTION health_internal.next_run_at(text, text, timestamptz);
DROP FUNCTION health_internal.find_run(
    health_internal.schedule_plan, text, timestamptz, integer
);

COMMIT;
