-- What predictions are made from: numbers, the events that may precede a failure, and the failures themselves;
-- of raw rows, and of hours where raw rows are gone or too many.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.feature_bounds(
    p_step interval,
    OUT rolled_from timestamptz,
    OUT rolled_until timestamptz,
    OUT kept tstzmultirange
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT bounds.rolled_from, bounds.rolled_until, (
        SELECT range_agg(tstzrange(partitions.from_at, partitions.until_at))
        FROM health_internal.partitions
        WHERE partitions.is_history
            AND partitions.until_at > bounds.rolled_from
            AND partitions.from_at < bounds.rolled_until
    )
    FROM (
        SELECT
            CASE WHEN p_step >= interval '1 hour' THEN state.rolled_from ELSE 'infinity' END AS rolled_from,
            CASE WHEN p_step >= interval '1 hour' THEN state.rolled_until ELSE 'infinity' END AS rolled_until
        FROM health_internal.feature_hours_state AS state
    ) AS bounds;
$$;
COMMENT ON FUNCTION health_internal.feature_bounds(interval) IS
'Between which times features are of hours instead of raw rows, and which times of these were loaded as history, '
'of which raw rows stay. Steps of less than an hour are of raw rows alone: infinity.';

CREATE OR REPLACE FUNCTION health_internal.raw_metrics(
    p_rolled_from timestamptz, p_rolled_until timestamptz, p_kept tstzmultirange
)
RETURNS TABLE (agent_id text, name text, received_at timestamptz, metric_value double precision)
LANGUAGE sql
STABLE
AS $$
    -- Two scans, each of the partitions it needs.
    SELECT
        logged.agent_id::text, logged.metric_name::text, logged.received_at,
        logged.metric_value::double precision
    FROM health.performance_metrics AS logged
    WHERE logged.received_at > p_rolled_until
    UNION ALL
    SELECT
        logged.agent_id::text, logged.metric_name::text, logged.received_at,
        logged.metric_value::double precision
    FROM health.performance_metrics AS logged
    WHERE logged.received_at <= least(p_rolled_until, greatest(p_rolled_from, upper(p_kept)))
        AND (logged.received_at <= p_rolled_from OR logged.received_at <@ p_kept);
$$;
COMMENT ON FUNCTION health_internal.raw_metrics(timestamptz, timestamptz, tstzmultirange) IS
'Values of metrics that are not in series_hours, by feature_bounds.';

CREATE OR REPLACE FUNCTION health_internal.raw_beats(
    p_rolled_from timestamptz, p_rolled_until timestamptz, p_kept tstzmultirange
)
RETURNS SETOF health.agent_heartbeats
LANGUAGE sql
STABLE
AS $$
    SELECT beats.* FROM health.agent_heartbeats AS beats
    WHERE beats.received_at > p_rolled_until
    UNION ALL
    SELECT beats.* FROM health.agent_heartbeats AS beats
    WHERE beats.received_at <= least(p_rolled_until, greatest(p_rolled_from, upper(p_kept)))
        AND (beats.received_at <= p_rolled_from OR beats.received_at <@ p_kept)
    UNION ALL
    SELECT beats.* FROM health.ingest_heartbeats AS beats
    WHERE beats.received_at > p_rolled_until
    UNION ALL
    SELECT beats.* FROM health.ingest_heartbeats AS beats
    WHERE beats.received_at <= least(p_rolled_until, greatest(p_rolled_from, upper(p_kept)))
        AND (beats.received_at <= p_rolled_from OR beats.received_at <@ p_kept);
$$;
COMMENT ON FUNCTION health_internal.raw_beats(timestamptz, timestamptz, tstzmultirange) IS
'Heartbeats that are not in series_hours, by feature_bounds.';

CREATE OR REPLACE VIEW health_internal.logged_failures AS
SELECT
    events.agent_id::text AS agent_id,
    least(coalesce(events.occurred_at, events.received_at), events.received_at) AS failed_at,
    events.received_at AS told_at,
    left(coalesce(
        events.event_data ->> 'component', events.event_data ->> 'code', 'failure'
    ), 200) AS name
FROM health.system_events AS events
WHERE events.event_type = 'failure';
COMMENT ON VIEW health_internal.logged_failures IS 'One row per event of type failure that is there.';
COMMENT ON COLUMN health_internal.logged_failures.agent_id IS 'Which agent failed.';
COMMENT ON COLUMN health_internal.logged_failures.failed_at IS 'When.';
COMMENT ON COLUMN health_internal.logged_failures.told_at IS 'When it was received.';
COMMENT ON COLUMN health_internal.logged_failures.name IS 'Component or code.';

CREATE OR REPLACE VIEW health_internal.failure_moments AS
SELECT logged.agent_id, logged.failed_at, logged.told_at, logged.name
FROM health_internal.logged_failures AS logged
UNION ALL
SELECT past.agent_id, past.failed_at, past.told_at, past.name
FROM health_internal.past_failures AS past
WHERE NOT EXISTS (
    SELECT FROM health_internal.logged_failures AS logged
    WHERE logged.told_at = past.told_at AND logged.agent_id = past.agent_id
)
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

CREATE OR REPLACE VIEW health_internal.logged_events AS
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
WHERE events.event_type <> 'failure';
COMMENT ON VIEW health_internal.logged_events IS
'One row per event that is there and is no failure. What the engine writes about an agent is not among the '
'agent''s: that carries the engine''s own agent_id.';
COMMENT ON COLUMN health_internal.logged_events.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.logged_events.told_at IS 'When it was received.';
COMMENT ON COLUMN health_internal.logged_events.family IS
'error, maintenance, or event for whatever else was logged.';
COMMENT ON COLUMN health_internal.logged_events.name IS
'Code of an error, component of a maintenance, type of another event.';

CREATE OR REPLACE FUNCTION health_internal.agent_history(
    p_rolled_from timestamptz, p_rolled_until timestamptz, p_kept tstzmultirange
)
RETURNS TABLE (agent_id text, told_at timestamptz, family text, name text, event_count integer)
LANGUAGE sql
STABLE
AS $$
    SELECT logged.agent_id, logged.told_at, logged.family, logged.name, 1
    FROM health_internal.logged_events AS logged
    WHERE logged.told_at <= p_rolled_from OR logged.told_at > p_rolled_until OR logged.told_at <@ p_kept
    UNION ALL
    SELECT beats.agent_id::text, beats.received_at, 'restart', '', 1
    FROM health_internal.raw_beats(p_rolled_from, p_rolled_until, p_kept) AS beats
    WHERE beats.state = 'initializing'
    UNION ALL
    SELECT hours.agent_id::text, hours.last_at, hours.family::text, hours.name::text, hours.event_count
    FROM health_internal.event_hours AS hours
    WHERE hours.until_at > p_rolled_from AND hours.until_at <= p_rolled_until
        AND (hours.last_at <@ p_kept) IS NOT TRUE
    UNION ALL
    SELECT failures.agent_id, failures.told_at, 'failure', failures.name, 1
    FROM health_internal.failure_moments AS failures
    UNION ALL
    SELECT actions.agent_id::text, actions.finished_at, 'recovery', actions.state::text, 1
    FROM health.recovery_actions AS actions
    WHERE actions.finished_at IS NOT NULL AND actions.state <> 'cancelled';
$$;
COMMENT ON FUNCTION health_internal.agent_history(timestamptz, timestamptz, tstzmultirange) IS
'What happened to agents and may matter to their future: family (error, maintenance, failure, recovery, restart, or '
'event for whatever else was logged), name (code, component, outcome or type), when the database learnt of it, how '
'many: raw rows, or hours with the time of the last, by feature_bounds.';

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

CREATE OR REPLACE FUNCTION health_internal.series_key(p_source text, p_name text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE p_source WHEN 'heartbeat' THEN E'\t' || p_name ELSE p_name END;
COMMENT ON FUNCTION health_internal.series_key(text, text) IS
'Name of a metric, or of a measure of heartbeats behind a tab: names of metrics hold no control characters.';

CREATE OR REPLACE FUNCTION health_internal.beat_sums_sql(
    p_expression text, p_is_counter boolean, p_place bigint
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN format(
    CASE
        WHEN p_is_counter THEN
            'count(%1$s) AS n%2$s, min((%1$s)::float8) AS a%2$s, max((%1$s)::float8) AS b%2$s'
        ELSE
            'count(%1$s) AS n%2$s, sum((%1$s)::float8) AS a%2$s, '
            'regr_sxx((%1$s)::float8, (%1$s)::float8) AS b%2$s'
    END,
    p_expression, p_place
);
COMMENT ON FUNCTION health_internal.beat_sums_sql(text, boolean, bigint) IS
'Aggregates of a measure of heartbeats as series_hours keeps them: n, a and b with the number of the place.';

COMMIT;
