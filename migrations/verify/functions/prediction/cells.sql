BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.merged_spread(double precision [])'::regprocedure;
    PERFORM 'health_internal.numbered_features(bigint)'::regprocedure;
    PERFORM 'health_internal.cell_sql(text)'::regprocedure;
    PERFORM 'health_internal.metric_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.beat_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.series_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.series_codes_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.event_rows_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.agent_facts_sql(text)'::regprocedure;
END;
$$;

ROLLBACK;
