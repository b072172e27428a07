BEGIN;

SELECT
    silence_id,
    matchers,
    starts_at,
    ends_at,
    created_by,
    reason,
    ended_by
FROM health.silences
WHERE false;

SELECT
    window_id,
    matchers,
    starts_at,
    ends_at,
    weekdays,
    from_time,
    until_time,
    time_zone,
    uptime_method,
    created_by,
    reason,
    cancelled_by,
    enrolled_at
FROM health.maintenance_windows
WHERE false;

SELECT
    period_id,
    window_id,
    agent_id,
    started_at,
    until_at,
    ended_at
FROM health.maintenance_periods
WHERE false;

SELECT
    agent_id,
    since
FROM health_internal.flapping_agents
WHERE false;

ROLLBACK;
