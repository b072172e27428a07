BEGIN;

SELECT
    agent_id,
    horizon,
    probability,
    threshold,
    is_at_risk,
    basis,
    model_id,
    reasons,
    predicted_at
FROM health.failure_risk
WHERE false;

ROLLBACK;
