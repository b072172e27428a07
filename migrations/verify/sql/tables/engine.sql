BEGIN;

SELECT
    is_only_row,
    tick_period,
    unknown_agents,
    partition_width,
    partitions_ahead,
    raw_retention,
    score_period,
    score_retention,
    score_rows_per_hour,
    history_after,
    heartbeat_memory_seconds,
    metric_memory_seconds,
    baseline_memory_seconds,
    series_per_agent,
    engine_heartbeat_interval,
    monitor_settle_time,
    monitor_gap_after,
    group_wait,
    group_interval,
    group_burst,
    repeat_interval,
    parent_wait,
    flapping_above,
    flapping_until,
    forgotten_after,
    self_healing_limit,
    bridge_silent_after,
    recovery_concurrency,
    storm_share,
    storm_count,
    series_limit,
    series_budget_share,
    series_forgotten_after
FROM health.settings
WHERE false;

SELECT
    is_only_row,
    tick_id,
    folded_until,
    own_xid,
    own_from,
    system_identifier,
    last_now,
    last_tick_at,
    last_cron_tick_at,
    last_tick_ms,
    last_act_ms,
    last_error,
    last_error_at,
    server_started_at,
    last_heartbeat_at,
    tick_count_since_heartbeat,
    judged_total,
    folded_total,
    refused_total,
    skipped_series_total,
    acted_transition_id,
    self_checked_at,
    due_from,
    compared_transition_id,
    troubled_count
FROM health_internal.engine
WHERE false;

SELECT
    cause,
    noted_at
FROM health_internal.act_causes
WHERE false;

SELECT
    gap_id,
    reason,
    started_at,
    ended_at,
    settled_at,
    details
FROM health.monitor_gaps
WHERE false;

ROLLBACK;
