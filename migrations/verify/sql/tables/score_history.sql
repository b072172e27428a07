BEGIN;

SELECT
    sampled_at,
    policy_id,
    score,
    gate,
    heartbeat_consistency,
    performance_metrics,
    error_rate,
    resource_efficiency,
    business_impact,
    agent_id
FROM health.score_history
WHERE false;

SELECT FROM health.score_history_default WHERE false;

ROLLBACK;
