BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.failure_predictions;
DROP TABLE health_internal.failure_retrainings;
DROP TABLE health_internal.failure_training;
DROP TABLE health_internal.failure_expressions;
DROP TABLE health_internal.failure_nodes;
DROP TABLE health_internal.failure_features;
DROP TABLE health.failure_models;

COMMIT;
