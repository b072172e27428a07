BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.beat_values_sql()'::regprocedure;
    PERFORM 'health_internal.roll_up_series(timestamptz)'::regprocedure;
    PERFORM 'health_internal.roll_up_features(timestamptz)'::regprocedure;
    PERFORM 'health_internal.roll_up_next_features(timestamptz)'::regprocedure;
    PERFORM 'health_internal.sweep_features(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
