BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.plain_real(double precision)'::regprocedure;
    PERFORM 'health_internal.label_number(text)'::regprocedure;
    PERFORM 'health_internal.difference(double precision, double precision)'::regprocedure;
    PERFORM 'health_internal.deviation(double precision, double precision, double precision)'::regprocedure;
    PERFORM 'health_internal.since_sql(text)'::regprocedure;
    PERFORM 'health_internal.feature_columns(bigint, boolean)'::regprocedure;
    PERFORM 'health_internal.features_of_steps_sql(bigint)'::regprocedure;
END;
$$;

ROLLBACK;
