BEGIN;

DO $$
BEGIN
    PERFORM 'health.run_scheduled_tick()'::regprocedure;
    PERFORM 'health.tick_for_a_minute()'::regprocedure;
    PERFORM 'health.schedule_sql(text)'::regprocedure;
END;
$$;

ROLLBACK;
