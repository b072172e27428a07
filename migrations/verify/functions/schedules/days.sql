BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.schedule_day(health_internal.schedule_plan, date, integer)'::regprocedure;
END;
$$;

ROLLBACK;
