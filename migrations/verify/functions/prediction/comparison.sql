BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.check_training(interval, timestamptz, interval, integer, integer, jsonb)'::regprocedure;
    PERFORM 'health_internal.warn_of_left_out(timestamptz, timestamptz, interval)'::regprocedure;
    PERFORM 'health_internal.check_cases(interval)'::regprocedure;
    PERFORM 'health_internal.scores_of(text, text)'::regprocedure;
    PERFORM 'health_internal.trivial_predictors(bigint)'::regprocedure;
    PERFORM 'health_internal.method_quality(text, double precision [], integer [], boolean)'::regprocedure;
    PERFORM 'health_internal.probabilities(double precision [])'::regprocedure;
END;
$$;

ROLLBACK;
