"""The SQL of the page, one constant per question."""

from __future__ import annotations

SUMMARY = "SELECT * FROM health.system_health"

ENGINE = "SELECT * FROM health.engine_health"

MARK = """
SELECT engine.tick_id, engine.last_tick_at, engine.scheduler, engine.seconds_since_tick,
    engine.pending_recovery_count, engine.pending_delivery_count, engine.last_error
FROM health.engine_health AS engine
"""

# One text, an agent a line: what is the same as before need not be taken apart.
CELLS = """
SELECT string_agg(
    json_build_array(
        fleet.agent_id, nullif(fleet.agent_name, fleet.agent_id), coalesce(fleet.agent_type, ''),
        fleet.policy_class, fleet.liveness, fleet.status, round(fleet.score)::int, fleet.state
    )::text,
    chr(10) ORDER BY fleet.agent_type NULLS FIRST, fleet.agent_id
) AS lines
FROM health.fleet
"""

WORST = """
SELECT fleet.agent_id, fleet.agent_name, fleet.state, fleet.liveness, fleet.status, fleet.score,
    fleet.last_heartbeat_at, fleet.open_alert_count, fleet.performance_trend
FROM health.fleet
ORDER BY fleet.liveness = 'unresponsive' DESC, fleet.score NULLS LAST, fleet.agent_id
LIMIT 50
"""

AGENT = """
SELECT fleet.*, agents.expected_interval, agents.schedule
FROM health.fleet
INNER JOIN health.agents USING (agent_id)
WHERE fleet.agent_id = %(agent_id)s
"""

EXPLAIN = "SELECT * FROM health.explain(%(agent_id)s)"

TIMELINE = """
SELECT timeline.occurred_at, timeline.kind, timeline.what, timeline.score
FROM health.agent_timeline AS timeline
WHERE timeline.agent_id = %(agent_id)s
ORDER BY timeline.occurred_at DESC
LIMIT 100
"""

BEATS = """
SELECT
    date_part('epoch', beats.received_at) AS at, beats.state, beats.average_processing_time_ms,
    beats.cpu_usage_percent, beats.memory_usage_mb, beats.error_count
FROM health.recent_heartbeats AS beats
WHERE beats.agent_id = %(agent_id)s
ORDER BY beats.received_at DESC
LIMIT 1000
"""

HISTORY = """
SELECT
    history.component,
    array_agg(date_part('epoch', history.at) ORDER BY history.at) AS at,
    array_agg(history.contribution ORDER BY history.at) AS contributions,
    array_agg(history.value ORDER BY history.at) AS values
FROM health.score_between(
    %(agent_id)s, clock_timestamp() - make_interval(hours => %(hours)s), clock_timestamp(),
    make_interval(mins => %(minutes)s)
) AS history
GROUP BY history.component
"""

LIMITS = """
SELECT policy.excellent_from AS excellent, policy.good_from AS good, policy.fair_from AS fair,
    policy.poor_from AS poor
FROM health.fleet
INNER JOIN health.current_policies AS policy ON fleet.policy_class = policy.policy_class
WHERE fleet.agent_id = %(agent_id)s
"""

# What is marked over the score.
MARKS = """
SELECT date_part('epoch', incidents.onset_at) AS at, 'incident' AS kind,
    incidents.severity AS what, date_part('epoch', incidents.resolved_at) AS until
FROM health.incidents
WHERE incidents.agent_id = %(agent_id)s
    AND coalesce(incidents.resolved_at, 'infinity')
    > clock_timestamp() - make_interval(hours => %(hours)s)
UNION ALL
SELECT date_part('epoch', timeline.occurred_at), timeline.kind, timeline.what, NULL
FROM health.agent_timeline AS timeline
WHERE timeline.agent_id = %(agent_id)s
    AND timeline.kind IN ('transition', 'recovery')
    AND timeline.occurred_at > clock_timestamp() - make_interval(hours => %(hours)s)
ORDER BY 1 DESC
LIMIT 500
"""

# The range the detector expects at present.
RANGES_OF_AGENT = """
SELECT series.metric_name, series.expected_low, series.expected_high
FROM health.series
WHERE series.agent_id = %(agent_id)s AND series.expected_low IS NOT NULL
ORDER BY series.metric_name
"""

INCIDENTS_OF_AGENT = """
SELECT incidents.incident_id, incidents.severity, incidents.onset_at, incidents.detected_at,
    incidents.acknowledged_at, incidents.recovered_at, incidents.resolved_at
FROM health.incidents
WHERE incidents.agent_id = %(agent_id)s
ORDER BY incidents.onset_at DESC, incidents.incident_id DESC
LIMIT 20
"""

OPEN_ALERTS = """
SELECT alerts.*
FROM health.open_alerts AS alerts
ORDER BY
    array_position(ARRAY['emergency', 'critical', 'warning', 'info'], alerts.severity),
    alerts.opened_at DESC
LIMIT 500
"""

ALERTS_OF_AGENT = """
SELECT alerts.alert_id, alerts.rule, alerts.severity, alerts.opened_at, alerts.resolved_at,
    alerts.summary
FROM health.incidents
INNER JOIN health.alerts ON incidents.incident_id = alerts.incident_id
WHERE incidents.agent_id = %(agent_id)s
ORDER BY alerts.opened_at DESC
LIMIT 20
"""

PAST_ALERTS = """
SELECT alerts.alert_id, alerts.agent_id, alerts.rule, alerts.severity, alerts.opened_at,
    alerts.resolved_at, alerts.summary
FROM health.alerts
WHERE alerts.resolved_at IS NOT NULL
ORDER BY alerts.resolved_at DESC
LIMIT 100
"""

WHY = """
SELECT silence.*
FROM health.explain_silence(%(agent_id)s, clock_timestamp() - interval '7 days') AS silence
ORDER BY silence.occurred_at DESC
LIMIT 200
"""

# Chosen first, by index: telling a recovery in words costs more than finding it.
RECOVERIES = """
SELECT history.*, backlog.waits_for
FROM health.recovery_history AS history
LEFT JOIN health.recovery_backlog AS backlog USING (action_id)
WHERE history.action_id = ANY (ARRAY(
    (
        SELECT open.action_id
        FROM health.recovery_actions AS open
        WHERE open.finished_at IS NULL
        ORDER BY open.created_at DESC
        LIMIT 200
    )
    UNION ALL
    (
        SELECT ended.action_id
        FROM health.recovery_actions AS ended
        WHERE ended.finished_at IS NOT NULL
        ORDER BY ended.finished_at DESC
        LIMIT 200
    )
))
ORDER BY (history.finished_at IS NULL) DESC, history.created_at DESC
LIMIT 200
"""

RECOVERIES_OF_AGENT = """
SELECT history.*
FROM health.recovery_history AS history
WHERE history.agent_id = %(agent_id)s
ORDER BY history.created_at DESC
LIMIT 20
"""

ANOMALIES_OF_AGENT = """
SELECT episodes.metric_name, episodes.started_at, episodes.ended_at, episodes.peak_value,
    episodes.expected_low, episodes.expected_high, episodes.reason
FROM health.anomalies AS episodes
WHERE episodes.agent_id = %(agent_id)s
ORDER BY episodes.started_at DESC
LIMIT 20
"""

RISKS_OF_AGENT = """
SELECT risks.horizon, risks.probability, risks.threshold, risks.is_at_risk, risks.basis,
    risks.reasons, risks.predicted_at
FROM health.failure_risk AS risks
WHERE risks.agent_id = %(agent_id)s
ORDER BY risks.horizon
"""

ADVICE = """
SELECT advice.agent_id, advice.kind, advice.priority, advice.summary, advice.reason,
    advice.created_at
FROM health.recommendations AS advice
WHERE advice.closed_at IS NULL AND advice.dismissed_at IS NULL
ORDER BY advice.priority, advice.recommendation_id
LIMIT 200
"""

REPORT = """
SELECT health.executive_report(
    clock_timestamp() - make_interval(days => %(days)s), clock_timestamp()
) AS report
"""

GAPS = "SELECT * FROM health.monitor_gaps ORDER BY started_at DESC LIMIT 20"

ACKNOWLEDGE = """
SELECT health.acknowledge_alert(%(alert_id)s, %(by)s, nullif(%(note)s, ''))
"""

RESOLVE = "SELECT health.resolve_alert(%(alert_id)s, %(by)s, nullif(%(note)s, ''))"

SILENCE = """
SELECT health.silence(
    jsonb_build_object('agent_id', %(agent_id)s::text),
    clock_timestamp() + make_interval(mins => %(minutes)s), %(by)s, %(reason)s
)
"""

RECOVER = "SELECT health.request_recovery(%(agent_id)s, %(issue_type)s, %(by)s)"
