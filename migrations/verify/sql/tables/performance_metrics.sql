BEGIN;

SELECT
    agent_id,
    metric_name,
    metric_value,
    unit,
    recorded_at,
    received_at,
    txid
FROM health.performance_metrics
WHERE false;

SELECT FROM health.performance_metrics_default WHERE false;

SELECT
    agent_id,
    metric_name,
    unit,
    last_value,
    last_received_at,
    value_count,
    decayed_at,
    weight,
    value_sum,
    square_sum
FROM health_internal.metric_series
WHERE false;

ROLLBACK;
