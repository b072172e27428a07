-- What people look at first: the agents, what happened to each, and its heartbeats.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.fleet AS
SELECT
    agents.agent_id,
    agents.agent_name,
    status.state,
    status.status,
    status.error_count,
    status.last_heartbeat_at,
    status.judged_at,
    agents.agent_type,
    agents.policy_class,
    status.issue_type,
    CASE
        WHEN maintained.agent_id IS NOT NULL THEN 'in_maintenance'
        ELSE coalesce(status.liveness, 'never_seen')
    END AS liveness,
    round(status.score::numeric, 2) AS score,
    round(status.heartbeat_consistency::numeric, 2) AS heartbeat_consistency,
    round(status.performance_metrics::numeric, 2) AS performance_metrics,
    round(status.error_rate::numeric, 2) AS error_rate,
    round(status.resource_efficiency::numeric, 2) AS resource_efficiency,
    round(status.business_impact::numeric, 2) AS business_impact,
    CASE
        WHEN coalesce(status.beat_count < 10, true) OR status.processing_mean_ms IS NULL
            OR coalesce(status.baseline_processing_ms <= 0, true) THEN 'unknown'
        WHEN status.processing_mean_ms > 1.25 * status.baseline_processing_ms THEN 'degrading'
        WHEN status.processing_mean_ms < 0.8 * status.baseline_processing_ms THEN 'improving'
        ELSE 'stable'
    END AS performance_trend,
    (
        SELECT count(*)
        FROM health.alerts
        WHERE alerts.agent_id = agents.agent_id AND alerts.resolved_at IS NULL
    ) AS open_alert_count,
    array_remove(ARRAY[
        CASE
            WHEN status.liveness = 'unresponsive' AND maintained.agent_id IS NULL
                THEN 'restart it: silent since ' || status.last_heartbeat_at
        END,
        CASE
            WHEN status.state IN ('error', 'failed')
                THEN 'look at its events: it says ' || status.state
        END,
        CASE
            WHEN status.error_rate < 60 AND status.state NOT IN ('error', 'failed')
                THEN 'look at its errors: they cost '
                    || round((100 - status.error_rate)::numeric) || ' of 100 points'
        END,
        CASE
            WHEN status.performance_metrics < 60
                THEN 'look at its processing time against its objective or baseline'
        END,
        CASE
            WHEN status.resource_efficiency < 60
                THEN 'give it more memory or CPU, or find what takes them'
        END
    ], NULL) || (
        SELECT array_agg(advice.summary ORDER BY advice.priority, advice.recommendation_id)
        FROM health.recommendations AS advice
        WHERE advice.agent_id = agents.agent_id
            AND advice.closed_at IS NULL
            AND advice.dismissed_at IS NULL
    ) AS recommendations,
    coalesce(status.liveness, 'never_seen') AS observed_liveness,
    maintained.until_at AS maintenance_until
FROM health.agents
LEFT JOIN health.agent_status AS status ON agents.agent_id = status.agent_id
LEFT JOIN (
    SELECT
        periods.agent_id,
        max(periods.until_at) AS until_at
    FROM health.maintenance_periods AS periods
    WHERE periods.ended_at IS NULL
    GROUP BY periods.agent_id
) AS maintained ON agents.agent_id = maintained.agent_id;

COMMENT ON VIEW health.fleet IS
'One row per agent as judged last; stable: columns may be added, never removed or retyped within a '
'major version.';


CREATE VIEW health.agent_timeline AS
SELECT
    transitions.agent_id,
    transitions.occurred_at,
    'transition' AS kind,
    concat_ws(
        ', ',
        CASE
            WHEN transitions.old_liveness IS DISTINCT FROM transitions.new_liveness
                THEN concat_ws(' → ', transitions.old_liveness, transitions.new_liveness)
        END,
        CASE
            WHEN transitions.old_status IS DISTINCT FROM transitions.new_status
                THEN concat_ws(' → ', transitions.old_status, transitions.new_status)
        END,
        transitions.issue_type
    ) AS what,
    round(transitions.new_score::numeric, 2) AS score
FROM health.status_transitions AS transitions
UNION ALL
-- An agent's alerts are found by its incidents.
SELECT
    incidents.agent_id, alerts.opened_at, 'alert', alerts.severity || ': ' || alerts.summary, NULL
FROM health.incidents
INNER JOIN health.alerts ON incidents.incident_id = alerts.incident_id
UNION ALL
SELECT
    incidents.agent_id, alerts.resolved_at, 'alert', 'resolved: ' || alerts.summary, NULL
FROM health.incidents
INNER JOIN health.alerts ON incidents.incident_id = alerts.incident_id
WHERE alerts.resolved_at IS NOT NULL
UNION ALL
SELECT actions.agent_id, moments.occurred_at, 'recovery', moments.what, NULL
FROM health.recovery_actions AS actions
CROSS JOIN LATERAL (
    VALUES
    (
        actions.created_at,
        actions.action || ' queued for ' || actions.issue_type || CASE
            WHEN actions.requested_by <> 'engine' THEN ' by ' || actions.requested_by
            ELSE ''
        END
    ),
    (actions.approved_at, actions.action || ' approved by ' || actions.approved_by),
    (
        actions.finished_at,
        actions.action || ' ' || concat_ws(': ', actions.state, CASE
            WHEN actions.state <> 'succeeded' THEN actions.outcome ->> 'reason'
        END)
    )
) AS moments (occurred_at, what)
WHERE moments.occurred_at IS NOT NULL
UNION ALL
SELECT
    steps.agent_id, moments.occurred_at, 'recovery', moments.what, NULL
FROM health.recovery_trail AS steps
CROSS JOIN LATERAL (
    VALUES
    (
        CASE
            WHEN steps.action <> 'verify' AND steps.finished_at IS DISTINCT FROM steps.started_at
                THEN steps.started_at
        END,
        steps.action || ' begun by ' || steps.worker
    ),
    -- That it was verified is what "succeeded" says.
    (
        CASE
            WHEN steps.action <> 'verify' OR steps.outcome <> 'succeeded' THEN steps.finished_at
        END,
        health_internal.step_text(
            steps.action, steps.parameters, steps.outcome, steps.reason, steps.details,
            steps.started_at, steps.finished_at
        ) || CASE
            WHEN steps.finished_at = steps.started_at THEN ' by ' || steps.worker
            WHEN steps.outcome = 'succeeded' THEN ' done'
            ELSE ''
        END
    )
) AS moments (occurred_at, what)
WHERE moments.occurred_at IS NOT NULL
UNION ALL
SELECT
    episodes.agent_id, episodes.started_at, 'anomaly',
    CASE
        WHEN episodes.metric_name IS NULL THEN episodes.reason
        ELSE health_internal.episode_text(episodes) || ': ' || episodes.reason
    END,
    NULL
FROM health.anomalies AS episodes;
COMMENT ON VIEW health.agent_timeline IS
'One row per thing that happened to an agent: transitions, alerts, steps of recoveries, anomalies; stable '
'within a major version.';

CREATE VIEW health.recent_heartbeats AS
SELECT
    beats.agent_id, beats.state, beats.sent_at, beats.received_at, beats.work_items_processed,
    beats.average_processing_time_ms, beats.cpu_usage_percent, beats.memory_usage_mb,
    beats.memory_limit_mb, beats.error_count, beats.cost_efficiency, beats.user_satisfaction,
    beats.operational_efficiency, beats.revenue_impact_usd, beats.signal, beats.run_id,
    beats.attributes
FROM health.agent_heartbeats AS beats
WHERE beats.received_at > now() - interval '1 hour'
UNION ALL
SELECT
    beats.agent_id, beats.state, beats.sent_at, beats.received_at, beats.work_items_processed,
    beats.average_processing_time_ms, beats.cpu_usage_percent, beats.memory_usage_mb,
    beats.memory_limit_mb, beats.error_count, beats.cost_efficiency, beats.user_satisfaction,
    beats.operational_efficiency, beats.revenue_impact_usd, beats.signal, beats.run_id,
    beats.attributes
FROM health.ingest_heartbeats AS beats
WHERE beats.received_at > now() - interval '1 hour';
COMMENT ON VIEW health.recent_heartbeats IS
'One row per heartbeat of the last hour, from agents and gateways; stable within a major version.';

COMMENT ON COLUMN health.fleet.liveness IS
'never_seen, starting, alive, late, unresponsive, stopped or in_maintenance.';
COMMENT ON COLUMN health.fleet.observed_liveness IS
'What its heartbeats say, also during maintenance; else the same.';
COMMENT ON COLUMN health.fleet.maintenance_until IS
'Until when it is in maintenance, as announced; NULL: it is not.';
COMMENT ON COLUMN health.fleet.score IS 'Overall score, gated, 0..100, rounded to 2 digits.';
COMMENT ON COLUMN health.fleet.performance_trend IS
'improving, stable or degrading: the processing time of the last minutes against its learnt baseline; '
'unknown without one.';
COMMENT ON COLUMN health.fleet.open_alert_count IS 'How many of its alerts are open.';
COMMENT ON COLUMN health.fleet.recommendations IS
'What a person could do, in sentences: at once, then what health.recommendations holds of the agent, the most '
'urgent first; empty: nothing.';
COMMENT ON COLUMN health.agent_timeline.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.agent_timeline.occurred_at IS 'When it happened.';
COMMENT ON COLUMN health.agent_timeline.kind IS 'transition, alert, recovery or anomaly.';
COMMENT ON COLUMN health.agent_timeline.what IS 'What happened, in words.';
COMMENT ON COLUMN health.agent_timeline.score IS 'Score after a transition, 0..100; else NULL.';
CALL health_internal.hand_on_comments('health.fleet', 'health.agent_status', 'health.agents');
CALL health_internal.hand_on_comments('health.recent_heartbeats', 'health.agent_heartbeats');

GRANT SELECT ON health.fleet, health.agent_timeline, health.recent_heartbeats
TO health_analyst, health_bridge;

COMMIT;
