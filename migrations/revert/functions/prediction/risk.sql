BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recommend_from_predictions(timestamptz);
DROP FUNCTION health_internal.explain_prediction(text);
DROP PROCEDURE health.retrain_failure_models(timestamptz);
DROP FUNCTION health_internal.retrain_failure_model(interval, timestamptz);
DROP FUNCTION health_internal.models_to_retrain(timestamptz);
DROP FUNCTION health_internal.foresee_failures(timestamptz);
DROP FUNCTION health_internal.predict_all(timestamptz);

COMMIT;
