BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health.retrain_failure_models(timestamptz);
DROP FUNCTION health_internal.retrain_failure_model(interval, timestamptz);
DROP FUNCTION health_internal.models_to_retrain(timestamptz);

COMMIT;
