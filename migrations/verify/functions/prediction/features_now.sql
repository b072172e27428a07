BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.present_series_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.present_events_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.features_now_sql(bigint)'::regprocedure;
END;
$$;

ROLLBACK;
