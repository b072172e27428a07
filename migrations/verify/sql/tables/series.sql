BEGIN;

SELECT
    series_id,
    agent_id,
    metric_name,
    source,
    is_watched,
    is_counter,
    enrolled_by,
    enrolled_at
FROM health_internal.series
WHERE false;

SELECT
    series_id,
    last_minute_at,
    last_mean,
    last_value,
    last_score,
    expected_low,
    expected_high,
    point_count,
    late_value_count,
    restart_count,
    error,
    error_at,
    state
FROM health_internal.series_states
WHERE false;

SELECT
    agent_id,
    minute_at,
    is_judged,
    surprise,
    distance,
    series_count,
    series_surprises,
    state
FROM health_internal.agent_surprises
WHERE false;

SELECT
    minute_at,
    series_id,
    value_sum,
    value_count
FROM health_internal.series_minutes
WHERE false;

SELECT
    agent_id,
    reason,
    value_count,
    name_count,
    metric_name,
    first_at,
    last_at
FROM health_internal.series_refusals
WHERE false;

SELECT
    is_only_row,
    folded_until,
    own_xid,
    own_from,
    system_identifier,
    folded_total,
    finished_until,
    stepped_until,
    last_phase_at,
    last_phase_ms,
    stepped_total,
    skipped_total,
    last_error,
    last_error_at
FROM health_internal.series_cursor
WHERE false;

ROLLBACK;
