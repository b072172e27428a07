BEGIN;

SELECT
    next_due_at,
    judged_tick_id,
    agent_id,
    liveness,
    active_conditions,
    status,
    issue_type,
    gap_histogram,
    last_heartbeat_at,
    judged_at,
    first_heartbeat_at,
    run_started_at,
    last_sent_at,
    session_lost_at,
    state,
    policy_class,
    run_id,
    expected_interval_seconds,
    grace_seconds,
    latency_slo_ms,
    throughput_slo_per_minute,
    score,
    ungated_score,
    gate,
    heartbeat_consistency,
    performance_metrics,
    error_rate,
    resource_efficiency,
    business_impact,
    policy_id,
    silent_seconds,
    beat_count,
    gap_count,
    gap_weight,
    gap_sum,
    gap_square_sum,
    clump_seconds,
    learnt_interval_seconds,
    mean_gap_seconds,
    late_intervals,
    unresponsive_intervals,
    error_count,
    work_items_processed,
    error_sum,
    item_sum,
    recent_item_sum,
    baseline_item_sum,
    baseline_seconds,
    processing_mean_ms,
    baseline_processing_ms,
    cpu_mean_percent,
    memory_mean_mb,
    slow_memory_mean_mb,
    memory_usage_mb,
    memory_limit_mb,
    cost_efficiency,
    user_satisfaction,
    operational_efficiency,
    revenue_impact_usd,
    bad_evaluations,
    issue_evaluations,
    issue_candidate,
    loss_evaluations
FROM health.agent_status
WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.beat'::regtype;
    PERFORM 'health_internal.turn'::regtype;
END;
$$;

ROLLBACK;
