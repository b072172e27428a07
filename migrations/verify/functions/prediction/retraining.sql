BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.models_to_retrain(timestamptz)'::regprocedure;
    PERFORM 'health_internal.retrain_failure_model(interval, timestamptz)'::regprocedure;
    PERFORM 'health.retrain_failure_models(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
