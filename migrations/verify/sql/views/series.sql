BEGIN;

SELECT
    agent_id,
    metric_name,
    basis,
    usual_value,
    usual_low,
    usual_high,
    value_count
FROM health.usual_values
WHERE false;

SELECT
    agent_id,
    metric_name,
    standing,
    source,
    is_counter,
    enrolled_by,
    enrolled_at,
    last_minute_at,
    last_value,
    last_score,
    expected_low,
    expected_high,
    point_count,
    lag_seconds,
    late_value_count,
    restart_count,
    usual_value,
    usual_low,
    usual_high,
    usual_basis,
    error
FROM health.series
WHERE false;

SELECT
    agent_id,
    reason,
    name_count,
    value_count,
    example,
    first_at,
    last_at,
    explanation
FROM health.series_refusals
WHERE false;

ROLLBACK;
