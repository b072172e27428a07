-- What analysts read of predictions.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.failure_risk AS
SELECT
    predictions.agent_id,
    predictions.horizon,
    predictions.probability,
    predictions.threshold,
    predictions.probability >= predictions.threshold AS is_at_risk,
    predictions.basis,
    predictions.model_id,
    predictions.reasons,
    predictions.predicted_at
FROM health_internal.failure_predictions AS predictions;
COMMENT ON VIEW health.failure_risk IS
'One row per agent and horizon: the latest prediction, as fresh as predicted_at says; stable within a major version.';
COMMENT ON COLUMN health.failure_risk.agent_id IS 'About which agent.';
COMMENT ON COLUMN health.failure_risk.horizon IS 'How far ahead.';
COMMENT ON COLUMN health.failure_risk.probability IS
'Of a failure within the horizon by the model, or that a trend reaches its limit within it; 0..1.';
COMMENT ON COLUMN health.failure_risk.threshold IS
'Probability that 1 % of the rows without a failure reached (trends: 0.9), 0..1.';
COMMENT ON COLUMN health.failure_risk.is_at_risk IS 'Whether the probability reaches the threshold.';
COMMENT ON COLUMN health.failure_risk.basis IS
'model, or trend where no model is active: then nothing was learnt from failures.';
COMMENT ON COLUMN health.failure_risk.model_id IS 'Row of failure_models; NULL: a trend.';
COMMENT ON COLUMN health.failure_risk.reasons IS
'What contributed most, largest first: reason in words, family, contribution in log-odds (trends: confidence). '
'Empty for all but the 200 highest of a horizon.';
COMMENT ON COLUMN health.failure_risk.predicted_at IS 'As of when.';

GRANT SELECT ON health.failure_risk TO health_analyst, health_bridge;

COMMIT;
