BEGIN;

SELECT
    anomaly_id,
    agent_id,
    metric_name,
    started_at,
    last_seen_at,
    ended_at,
    point_count,
    peak_score,
    peak_value,
    expected_low,
    expected_high,
    reason,
    details
FROM health.anomalies
WHERE false;

ROLLBACK;
