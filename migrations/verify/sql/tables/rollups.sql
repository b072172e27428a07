BEGIN;

SELECT
    agent_id,
    hour_at,
    excellent_seconds,
    good_seconds,
    fair_seconds,
    poor_seconds,
    critical_seconds,
    late_seconds,
    unresponsive_seconds,
    up_seconds,
    degraded_seconds,
    down_seconds,
    lost_seconds,
    unknown_seconds,
    maintenance_up_seconds,
    maintenance_degraded_seconds,
    maintenance_down_seconds,
    maintenance_lost_seconds,
    maintenance_counted_seconds,
    score_seconds,
    revenue_lost_usd,
    beat_count,
    error_beat_count,
    error_count,
    item_count,
    processing_count,
    processing_sum_ms,
    utilisation_count,
    utilisation_sum_percent,
    memory_count,
    memory_used_sum_mb,
    memory_limit_sum_mb,
    satisfaction_count,
    satisfaction_sum,
    last_error_count,
    last_item_count
FROM health.agent_hours
WHERE false;

SELECT
    agent_id,
    day_at,
    excellent_seconds,
    good_seconds,
    fair_seconds,
    poor_seconds,
    critical_seconds,
    late_seconds,
    unresponsive_seconds,
    up_seconds,
    degraded_seconds,
    down_seconds,
    lost_seconds,
    unknown_seconds,
    maintenance_up_seconds,
    maintenance_degraded_seconds,
    maintenance_down_seconds,
    maintenance_lost_seconds,
    maintenance_counted_seconds,
    score_seconds,
    revenue_lost_usd,
    beat_count,
    error_beat_count,
    error_count,
    item_count,
    processing_count,
    processing_sum_ms,
    utilisation_count,
    utilisation_sum_percent,
    memory_count,
    memory_used_sum_mb,
    memory_limit_sum_mb,
    satisfaction_count,
    satisfaction_sum
FROM health.agent_days
WHERE false;

SELECT
    is_only_row,
    rolled_from,
    hours_until,
    days_until,
    transition_id,
    gaps_settled_until,
    reported_at
FROM health_internal.rollup_state
WHERE false;

SELECT
    correction_id,
    agent_id,
    from_at
FROM health_internal.rollup_corrections
WHERE false;

ROLLBACK;
