-- What predictions are made from: the events that may precede a failure, and the failures themselves.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE VIEW health_internal.failure_moments AS
SELECT
    events.agent_id::text AS agent_id,
    least(coalesce(events.occurred_at, events.received_at), events.received_at) AS failed_at,
    events.received_at AS told_at,
    left(coalesce(
        events.event_data ->> 'component', events.event_data ->> 'code', 'failure'
    ), 200) AS name
FROM health.system_events AS events
WHERE events.event_type = 'failure'
UNION ALL
SELECT
    incidents.agent_id,
    incidents.onset_at,
    incidents.detected_at,
    'incident'
FROM health.incidents
WHERE incidents.agent_id IS NOT NULL
    AND EXISTS (
        SELECT FROM health.alerts
        WHERE alerts.incident_id = incidents.incident_id
            AND alerts.rule IN ('unresponsive', 'failed', 'error', 'recovery_failed')
    );
COMMENT ON VIEW health_internal.failure_moments IS
'One row per failure: events of type failure, and incidents with an alert unresponsive, failed, error or '
'recovery_failed.';
COMMENT ON COLUMN health_internal.failure_moments.agent_id IS 'Which agent failed.';
COMMENT ON COLUMN health_internal.failure_moments.failed_at IS 'When: it decides labels.';
COMMENT ON COLUMN health_internal.failure_moments.told_at IS
'When the database learnt of it: features know it from then on.';
COMMENT ON COLUMN health_internal.failure_moments.name IS 'Component or code, or incident.';

CREATE OR REPLACE VIEW health_internal.agent_history AS
SELECT
    events.agent_id::text AS agent_id,
    events.received_at AS told_at,
    CASE
        WHEN events.event_type IN ('error', 'maintenance') THEN events.event_type::text
        WHEN lower(events.severity) IN ('error', 'critical', 'emergency') THEN 'error'
        ELSE 'event'
    END AS family,
    left(CASE
        WHEN events.event_type = 'maintenance'
            THEN coalesce(
                events.event_data ->> 'component', events.event_data ->> 'code', 'maintenance'
            )
        WHEN events.event_type = 'error'
            THEN coalesce(events.event_data ->> 'code', events.event_data ->> 'component', 'error')
        ELSE events.event_type
    END, 200) AS name
FROM health.system_events AS events
WHERE events.event_type <> 'failure'
UNION ALL
SELECT
    failures.agent_id,
    failures.told_at,
    'failure',
    failures.name
FROM health_internal.failure_moments AS failures
UNION ALL
SELECT
    actions.agent_id,
    actions.finished_at,
    'recovery',
    actions.state
FROM health.recovery_actions AS actions
WHERE actions.finished_at IS NOT NULL AND actions.state <> 'cancelled'
UNION ALL
SELECT
    beats.agent_id::text,
    beats.received_at,
    'restart',
    ''
FROM health.agent_heartbeats AS beats
WHERE beats.state = 'initializing';
COMMENT ON VIEW health_internal.agent_history IS
'One row per thing that happened to an agent and may matter to its future. What the engine writes about an '
'agent is not among it: that carries the engine''s own agent_id.';
COMMENT ON COLUMN health_internal.agent_history.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.agent_history.told_at IS 'When the database learnt of it.';
COMMENT ON COLUMN health_internal.agent_history.family IS
'error, maintenance, failure, recovery, restart, or event for whatever else was logged.';
COMMENT ON COLUMN health_internal.agent_history.name IS
'Code of an error, component of a maintenance or failure, outcome of a recovery, type of another event.';

CREATE OR REPLACE FUNCTION health_internal.is_watched(p_agent_id text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_agent_id <> 'heartbeat_health_agent' AND NOT starts_with(p_agent_id, 'bridge:');
COMMENT ON FUNCTION health_internal.is_watched(text) IS
'Whether failures of the agent are predicted: all but the engine and its bridges.';

CREATE OR REPLACE FUNCTION health_internal.heartbeat_measures()
RETURNS TABLE (name text, expression text, is_counter boolean)
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    VALUES
    ('average_processing_time_ms', 'beats.average_processing_time_ms', false),
    ('cpu_usage_percent', 'beats.cpu_usage_percent', false),
    ('memory_usage_mb', 'beats.memory_usage_mb', false),
    (
        'memory_share',
        'beats.memory_usage_mb / CASE WHEN beats.memory_limit_mb >= 1e-9 THEN beats.memory_limit_mb END',
        false
    ),
    ('error_count', 'beats.error_count', true),
    ('work_items_processed', 'beats.work_items_processed', true),
    ('cost_efficiency', 'beats.cost_efficiency', false),
    ('user_satisfaction', 'beats.user_satisfaction', false),
    ('operational_efficiency', 'beats.operational_efficiency', false),
    ('revenue_impact_usd', 'beats.revenue_impact_usd', false);
$$;
COMMENT ON FUNCTION health_internal.heartbeat_measures() IS
'What of heartbeats becomes features: name, expression over a row "beats", and whether it is a counter, of '
'which the increase within a step is taken.';

COMMIT;
