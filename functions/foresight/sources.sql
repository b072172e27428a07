-- Where recommendations come from: agents, their resources and their recoveries. What matters to whom is
-- read from configuration (criticality, revenue) and from what happened.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.recommend_from_exhaustion(p_now timestamptz)
RETURNS TABLE (
    agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        trends.agent_id,
        'exhaustion_ahead',
        CASE
            WHEN told.exhausts_earliest_at <= p_now + interval '1 hour' THEN 1
            WHEN told.exhausts_earliest_at <= p_now + interval '24 hours' THEN 2
            ELSE 3
        END,
        format('give it more %s, or find what takes it', trends.resource),
        format(
            'At %s per hour its %s reaches %s about %s (between %s and %s).',
            concat_ws(' ', round(told.slope_per_hour::numeric, 2), units.unit), trends.resource,
            concat_ws(' ', round(trends.limit_value::numeric, 1), units.unit),
            to_char(told.exhausts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
            to_char(told.exhausts_earliest_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'),
            to_char(told.exhausts_latest_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI')
        ),
        jsonb_build_object(
            'subject', trends.resource,
            'used_at_present', round(trends.used::numeric, 1),
            'limit_value', trends.limit_value,
            'slope_per_hour', round(told.slope_per_hour::numeric, 3),
            'unit', units.unit,
            'sampled_at', trends.sampled_at,
            'exhausts_at', told.exhausts_at,
            'exhausts_earliest_at', told.exhausts_earliest_at,
            'exhausts_latest_at', told.exhausts_latest_at
        )
    FROM health_internal.resource_trends AS trends
    CROSS JOIN LATERAL health_internal.foretell_exhaustion(trends) AS told
    LEFT JOIN health_internal.metric_series AS series
        ON trends.agent_id = series.agent_id AND trends.resource = series.metric_name
    CROSS JOIN LATERAL (
        SELECT CASE trends.resource WHEN 'memory' THEN 'MB' WHEN 'cpu' THEN '%' ELSE series.unit END
    ) AS units (unit)
    WHERE trends.sampled_at > p_now - interval '10 minutes'
        AND trends.used < trends.limit_value
        AND told.exhausts_earliest_at <= p_now + interval '7 days'
    UNION ALL
    SELECT
        trends.agent_id,
        'over_provisioned',
        5,
        'give it less memory: it uses at most ' || round(100 * trends.peak / status.memory_limit_mb)
        || ' % of its limit',
        format(
            'In the %s hours of this run it never used more than %s of %s MB.',
            round(date_part('epoch', trends.sampled_at - trends.began_at) / 3600),
            round(trends.peak), round(status.memory_limit_mb)
        ),
        jsonb_build_object(
            'peak_mb', round(trends.peak::numeric, 1),
            'limit_mb', round(status.memory_limit_mb::numeric, 1),
            'began_at', trends.began_at
        )
    FROM health_internal.resource_trends AS trends
    -- A trend's limit is what policy lets it use of this one.
    INNER JOIN health.agent_status AS status ON trends.agent_id = status.agent_id
    WHERE trends.resource = 'memory'
        AND trends.sampled_at >= trends.began_at + interval '24 hours'
        AND trends.sampled_at > p_now - interval '10 minutes'
        AND status.memory_limit_mb >= 128
        AND trends.peak < 0.3 * status.memory_limit_mb;
$$;
COMMENT ON FUNCTION health_internal.recommend_from_exhaustion(timestamptz) IS
'exhaustion_ahead: a resource that may be used up within 7 days; over_provisioned: an agent that used less '
'than 30 % of at least 128 MB in a run of a day or more.';

CREATE OR REPLACE FUNCTION health_internal.recommend_from_recoveries(p_now timestamptz)
RETURNS TABLE (
    agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        actions.agent_id,
        'chronic_restarts',
        2,
        'find out why it needs restarts: ' || count(*) || ' in 24 hours',
        'Each restart helped, and none cured it; more than '
        || settings.self_healing_limit || ' a day only hide a fault.',
        jsonb_build_object(
            'restart_count', count(*), 'limit_count', settings.self_healing_limit,
            'issue_type', mode() WITHIN GROUP (ORDER BY actions.issue_type)
        )
    FROM health.recovery_actions AS actions
    CROSS JOIN health.settings
    WHERE actions.state = 'succeeded'
        AND actions.finished_at > p_now - interval '24 hours' AND actions.finished_at <= p_now
    GROUP BY actions.agent_id, settings.self_healing_limit
    HAVING count(*) > settings.self_healing_limit
    UNION ALL
    SELECT
        ended.agent_id,
        'failing_recoveries',
        2,
        'mend its recovery: ' || ended.failed_count || ' of ' || ended.ended_count
        || ' for ' || ended.issue_type || ' failed',
        'A recovery that fails delays the person who must act. Last reason: '
        || coalesce(ended.last_reason, 'none was told') || '.',
        jsonb_build_object(
            'subject', ended.issue_type, 'failed_count', ended.failed_count,
            'ended_count', ended.ended_count
        )
    FROM (
        SELECT
            actions.agent_id,
            actions.issue_type,
            count(*) AS ended_count,
            count(*) FILTER (WHERE actions.state <> 'succeeded') AS failed_count,
            (array_agg(actions.outcome ->> 'reason' ORDER BY actions.finished_at DESC)
                FILTER (WHERE actions.state <> 'succeeded'))[1] AS last_reason
        FROM health.recovery_actions AS actions
        WHERE actions.state IN ('succeeded', 'failed', 'escalated')
            AND actions.finished_at > p_now - interval '7 days' AND actions.finished_at <= p_now
        GROUP BY actions.agent_id, actions.issue_type
    ) AS ended
    WHERE ended.failed_count >= 2 AND 2 * ended.failed_count >= ended.ended_count;
$$;
COMMENT ON FUNCTION health_internal.recommend_from_recoveries(timestamptz) IS
'chronic_restarts: more than settings.self_healing_limit successful ones in 24 hours; failing_recoveries: '
'at least two, and half, of an issue''s recoveries failed or went to a person in 7 days.';

CREATE OR REPLACE FUNCTION health_internal.recommend_from_agents(p_now timestamptz)
RETURNS TABLE (
    agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    WITH known AS (
        SELECT
            agents.agent_id,
            agents.criticality,
            agents.revenue_usd_per_hour,
            agents.criticality IN ('high', 'vital') OR agents.revenue_usd_per_hour > 0 AS matters,
            policy.expected_interval_band,
            status.expected_interval_seconds,
            status.learnt_interval_seconds,
            status.gap_count,
            status.memory_usage_mb,
            status.memory_limit_mb,
            status.processing_mean_ms,
            status.latency_slo_ms
        FROM health.agents
        INNER JOIN health.agent_status AS status ON agents.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        WHERE status.last_heartbeat_at > p_now - interval '24 hours'
            AND agents.agent_id <> 'heartbeat_health_agent'
            AND NOT starts_with(agents.agent_id, 'bridge:')
    )

    SELECT
        known.agent_id,
        advice.kind,
        advice.priority,
        advice.summary,
        advice.reason,
        advice.evidence
    FROM known
    CROSS JOIN LATERAL (
        SELECT
            'correct_expected_interval' AS kind,
            3 AS priority,
            'correct its expected_interval: it beats every '
            || round(known.learnt_interval_seconds::numeric, 1) || ' s' AS summary,
            format(
                'It is said to beat every %s s; %s gaps show otherwise. Coverage is reckoned by what is '
                'said.',
                round(known.expected_interval_seconds::numeric, 1), known.gap_count
            ) AS reason,
            jsonb_build_object(
                'expected_interval_seconds', known.expected_interval_seconds,
                'learnt_interval_seconds', round(known.learnt_interval_seconds::numeric, 1)
            ) AS evidence
        WHERE known.gap_count >= 20
            AND known.learnt_interval_seconds NOT BETWEEN
            (1 - known.expected_interval_band) * known.expected_interval_seconds
            AND (1 + known.expected_interval_band) * known.expected_interval_seconds
        UNION ALL
        SELECT
            'set_memory_limit', 4, 'tell its memory_limit_mb: without one no leak is foreseen',
            'It matters, tells its memory, and no limit.',
            jsonb_build_object(
                'memory_usage_mb', round(known.memory_usage_mb::numeric), 'criticality',
                known.criticality
            )
        WHERE known.matters AND known.memory_usage_mb IS NOT NULL AND known.memory_limit_mb IS NULL
        UNION ALL
        SELECT
            'set_latency_objective', 4,
            'set its latency_slo_ms: without one slowness becomes its baseline',
            'It matters, tells its processing time, and has no objective.',
            jsonb_build_object('criticality', known.criticality)
        WHERE known.matters AND known.processing_mean_ms IS NOT NULL
            AND known.latency_slo_ms IS NULL
        UNION ALL
        SELECT
            'set_revenue', 4,
            'set its revenue_usd_per_hour: without it nobody is told what an outage costs',
            format('Its criticality is %s, and its revenue 0.', known.criticality),
            jsonb_build_object('criticality', known.criticality)
        WHERE known.criticality IN ('high', 'vital') AND known.revenue_usd_per_hour = 0
        UNION ALL
        SELECT
            'add_dependencies', 5,
            'say what it depends on: a dead parent then pages once, and is restarted first',
            format(
                'Its criticality is %s, and it has neither parents nor children.', known.criticality
            ),
            jsonb_build_object('criticality', known.criticality)
        WHERE known.criticality = 'vital'
            AND NOT EXISTS (
                SELECT FROM health.dependencies
                WHERE dependencies.child_id = known.agent_id
                    OR dependencies.parent_id = known.agent_id
            )
    ) AS advice;
$$;
COMMENT ON FUNCTION health_internal.recommend_from_agents(timestamptz) IS
'correct_expected_interval: the learnt interval is outside the policy''s expected_interval_band; for agents '
'that matter (criticality high or vital, or revenue): set_memory_limit, set_latency_objective, set_revenue, '
'add_dependencies. Of agents that beat in the last 24 hours.';

COMMIT;
