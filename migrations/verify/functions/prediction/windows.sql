BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.spread_of(double precision, double precision, double precision)'::regprocedure;
    PERFORM 'health_internal.window_sums_sql(bigint, boolean)'::regprocedure;
    PERFORM 'health_internal.series_measure_sql(text, boolean)'::regprocedure;
    PERFORM 'health_internal.series_sql(bigint, text)'::regprocedure;
END;
$$;

ROLLBACK;
