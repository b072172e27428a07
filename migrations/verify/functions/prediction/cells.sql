BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.step_end(timestamptz, interval, integer)'::regprocedure;
    PERFORM 'health_internal.numbered_features(bigint)'::regprocedure;
    PERFORM 'health_internal.series_codes(bigint)'::regprocedure;
    PERFORM 'health_internal.cell_sql(text)'::regprocedure;
    PERFORM 'health_internal.feature_windows()'::regprocedure;
    PERFORM 'health_internal.window_flags_sql(bigint, text)'::regprocedure;
    PERFORM 'health_internal.metric_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.beat_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.hour_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.series_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.event_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.agent_facts_sql(text)'::regprocedure;
END;
$$;

ROLLBACK;
