"""What `/metrics` asks the database: one question per family, each answered from views and indexes.

None returns a row per agent but AGENTS, which is asked only where the operator wants it.
"""

from __future__ import annotations

FLEET = """
SELECT
    fleet.liveness,
    coalesce(fleet.status, 'none') AS status,
    count(*) AS agent_count,
    count(fleet.score) AS score_count,
    sum(fleet.score) AS score_sum,
    min(fleet.score) AS score_min,
    count(fleet.heartbeat_consistency) AS heartbeat_consistency_count,
    sum(fleet.heartbeat_consistency) AS heartbeat_consistency_sum,
    count(fleet.performance_metrics) AS performance_metrics_count,
    sum(fleet.performance_metrics) AS performance_metrics_sum,
    count(fleet.error_rate) AS error_rate_count,
    sum(fleet.error_rate) AS error_rate_sum,
    count(fleet.resource_efficiency) AS resource_efficiency_count,
    sum(fleet.resource_efficiency) AS resource_efficiency_sum,
    count(fleet.business_impact) AS business_impact_count,
    sum(fleet.business_impact) AS business_impact_sum
FROM health.fleet
GROUP BY 1, 2
"""

AGENTS = """
SELECT
    fleet.agent_id, fleet.agent_type, fleet.policy_class, fleet.score,
    extract(epoch FROM fleet.last_heartbeat_at) AS last_heartbeat_at
FROM health.fleet
ORDER BY fleet.agent_id
LIMIT %(limit)s
"""

ALERTS = """
SELECT
    rules.rule,
    alerts.severity,
    CASE WHEN alerts.acknowledged_at IS NULL THEN 'false' ELSE 'true' END AS is_acknowledged,
    count(alerts.alert_id) AS alert_count
FROM health.alert_rules AS rules
LEFT JOIN health.open_alerts AS alerts ON rules.rule = alerts.rule
WHERE rules.removed_at IS NULL OR alerts.alert_id IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""

# Final states are counted in an index that holds channel and state; rows are never deleted.
DELIVERIES = """
SELECT
    channels.channel,
    waiting.waiting_count,
    waiting.overdue_seconds,
    (
        SELECT count(*) FROM health.deliveries AS ended
        WHERE ended.channel = channels.channel AND ended.state = 'delivered'
            AND ended.finished_at IS NOT NULL
    ) AS delivered,
    (
        SELECT count(*) FROM health.deliveries AS ended
        WHERE ended.channel = channels.channel AND ended.state = 'dead'
            AND ended.finished_at IS NOT NULL
    ) AS dead,
    (
        SELECT count(*) FROM health.deliveries AS ended
        WHERE ended.channel = channels.channel AND ended.state = 'cancelled'
            AND ended.finished_at IS NOT NULL
    ) AS cancelled,
    recent.mean_seconds,
    recent.max_seconds
FROM health.channels
CROSS JOIN LATERAL (
    SELECT
        count(*) AS waiting_count,
        greatest(0, extract(epoch FROM now() - min(messages.not_before)))
            AS overdue_seconds
    FROM health.deliveries AS messages
    WHERE messages.channel = channels.channel AND messages.state IN ('pending', 'claimed')
) AS waiting
CROSS JOIN LATERAL (
    SELECT
        extract(epoch FROM avg(messages.finished_at - messages.created_at)) AS mean_seconds,
        extract(epoch FROM max(messages.finished_at - messages.created_at)) AS max_seconds
    FROM health.deliveries AS messages
    WHERE messages.channel = channels.channel AND messages.state = 'delivered'
        AND messages.finished_at > now() - interval '5 minutes'
) AS recent
ORDER BY 1
"""

RECOVERIES = """
SELECT actions.state, actions.hold, count(*) AS action_count
FROM health.recovery_actions AS actions
WHERE actions.finished_at IS NULL
GROUP BY 1, 2
"""

RECOVERY_TOTALS = """
SELECT
    ended.*,
    (
        SELECT extract(epoch FROM avg(actions.finished_at - actions.created_at))
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'succeeded'
            AND actions.finished_at > now() - interval '1 hour'
    ) AS mean_seconds,
    (
        SELECT greatest(0, extract(epoch FROM now() - min(actions.not_before)))
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NULL
            AND actions.released_at IS NOT NULL
    ) AS overdue_seconds
FROM (
    SELECT
        count(*) AS finished,
        count(*) FILTER (WHERE actions.state = 'succeeded') AS succeeded
    FROM health.recovery_actions AS actions
    WHERE actions.finished_at IS NOT NULL
) AS ended
"""

# Bridges call themselves bridge:NAME; one that was renamed is forgotten after a day.
BRIDGES = """
SELECT
    substr(bridges.agent_id, 8) AS bridge,
    bridges.liveness IN ('starting', 'alive', 'late') AS is_up,
    extract(epoch FROM bridges.last_heartbeat_at) AS last_heartbeat_at,
    bridges.work_items_processed,
    bridges.error_count,
    bridges.memory_usage_mb * 1000000 AS memory_bytes,
    bridges.cpu_mean_percent / 100 AS cpu_ratio
FROM health.agent_status AS bridges
WHERE bridges.agent_id >= 'bridge:' AND bridges.agent_id < 'bridge;'
    AND bridges.last_heartbeat_at > now() - interval '1 day'
ORDER BY bridges.last_heartbeat_at DESC
LIMIT 100
"""

ENGINE = """
SELECT
    health.*,
    extract(epoch FROM clock_timestamp()) AS database_time,
    extract(epoch FROM health.last_tick_at) AS last_tick_time,
    gaps.gap_count,
    gaps.blind_seconds
FROM health.engine_health AS health
CROSS JOIN (
    SELECT
        count(*) AS gap_count,
        coalesce(sum(extract(epoch FROM gaps.ended_at - gaps.started_at)), 0) AS blind_seconds
    FROM health.monitor_gaps AS gaps
) AS gaps
"""

FORESIGHT = """
SELECT
    parts.part, parts.run_count, parts.error_count, parts.last_duration_ms / 1000 AS seconds,
    extract(epoch FROM parts.last_run_at) AS last_run_at
FROM health.foresight_health AS parts
WHERE parts.is_enabled
ORDER BY 1
"""
