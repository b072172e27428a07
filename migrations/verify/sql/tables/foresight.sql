BEGIN;

SELECT
    part,
    place,
    period,
    is_enabled,
    last_run_at,
    last_duration_ms,
    last_error,
    last_error_at,
    run_count,
    error_count
FROM health_internal.foresight_parts
WHERE false;
SELECT
    metric_name,
    agent_id,
    limit_value,
    set_by,
    set_at
FROM health.resource_limits
WHERE false;
SELECT
    agent_id,
    resource,
    used,
    limit_value,
    peak,
    began_at,
    sampled_at,
    sample_count,
    weight,
    weight_square_sum,
    mean_hours,
    mean_value,
    hours_square_sum,
    product_sum,
    value_square_sum,
    last_residual,
    residual_square_sum,
    residual_product_sum
FROM health_internal.resource_trends
WHERE false;

ROLLBACK;
