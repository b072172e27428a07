BEGIN;

DO $$
BEGIN
    PERFORM 'health.tick_for_a_minute()'::regprocedure;
    PERFORM 'health.schedule_sql(text)'::regprocedure;
END;
$$;

ROLLBACK;
