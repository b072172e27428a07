BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.predict_all(timestamptz)'::regprocedure;
    PERFORM 'health_internal.foresee_failures(timestamptz)'::regprocedure;
    PERFORM 'health_internal.explain_prediction(text)'::regprocedure;
    PERFORM 'health_internal.recommend_from_predictions(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
