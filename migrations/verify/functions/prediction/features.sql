BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.plain_real(double precision)'::regprocedure;
    PERFORM 'health_internal.numbered_features(bigint)'::regprocedure;
    PERFORM 'health_internal.series_cells_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.event_cells_sql(bigint)'::regprocedure;
    PERFORM 'health_internal.feature_column(text, text, text, text, bigint)'::regprocedure;
    PERFORM 'health_internal.label_number(text)'::regprocedure;
    PERFORM 'health_internal.features_sql(bigint, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
