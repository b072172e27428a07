BEGIN;

SELECT
    agent_id,
    metric_name,
    hour_of_week,
    value_count,
    center,
    spread,
    updated_at,
    established_at
FROM health.baselines
WHERE false;

ROLLBACK;
