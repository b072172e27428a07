-- Recommendations about what people are told, and about the monitor itself.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.recommend_from_alerts(p_now timestamptz)
RETURNS TABLE (
    agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    WITH recent AS MATERIALIZED (
        SELECT
            alerts.agent_id,
            alerts.rule,
            incidents.acknowledged_at IS NOT NULL AS is_acknowledged,
            incidents.told_at IS NOT NULL AS is_told,
            alerts.severity,
            alerts.resolved_by = 'engine'
            AND incidents.acknowledged_at IS NULL
            AND alerts.resolved_at < alerts.opened_at + interval '5 minutes' AS has_gone_by_itself
        FROM health.alerts
        INNER JOIN health.incidents ON alerts.incident_id = incidents.incident_id
        WHERE alerts.opened_at > p_now - interval '7 days' AND alerts.opened_at <= p_now
    )

    SELECT
        NULL::text,
        'noisy_rule',
        3,
        format('loosen the rule %s: most of its alerts go away by themselves', recent.rule),
        format(
            '%s of its %s alerts in 7 days ended within 5 minutes, and nobody had taken them.',
            count(*) FILTER (WHERE recent.has_gone_by_itself), count(*)
        ),
        jsonb_build_object(
            'subject', recent.rule, 'alert_count', count(*),
            'self_resolved_count', count(*) FILTER (WHERE recent.has_gone_by_itself)
        )
    FROM recent
    GROUP BY recent.rule
    HAVING count(*) >= 10
        AND count(*) FILTER (WHERE recent.has_gone_by_itself) >= 0.8 * count(*)
    UNION ALL
    SELECT
        NULL,
        'never_acknowledged',
        4,
        format('ask whether anybody needs the alerts of %s', recent.rule),
        format(
            'People were told of %s in 7 days and acknowledged none: what nobody acts on hides what '
            'somebody should.',
            count(*)
        ),
        jsonb_build_object('subject', recent.rule, 'told_count', count(*))
    FROM recent
    WHERE recent.is_told AND recent.severity IN ('critical', 'emergency')
    GROUP BY recent.rule
    HAVING count(*) >= 10 AND NOT bool_or(recent.is_acknowledged)
    UNION ALL
    SELECT
        flapping.agent_id,
        'flapping',
        3,
        'find out why it changes to and fro, or widen its limits',
        format(
            'It flaps since %s; while it does, people are not told of it.',
            to_char(flapping.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
        ),
        jsonb_build_object('flapping_since_at', flapping.since)
    FROM health_internal.flapping_agents AS flapping
    WHERE flapping.since <= p_now - interval '1 hour'
    UNION ALL
    SELECT
        incidents.agent_id,
        'muted_for_long',
        3,
        format('look again: it is in trouble and muted (%s)', incidents.withheld),
        format(
            'Nobody is told of it since %s.',
            to_char(incidents.withheld_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
        ),
        jsonb_build_object(
            'subject', 'incident ' || incidents.incident_id, 'withheld', incidents.withheld,
            'withheld_at', incidents.withheld_at
        )
    FROM health.incidents
    CROSS JOIN health.settings
    WHERE incidents.resolved_at IS NULL
        AND incidents.withheld IN ('maintenance', 'silenced', 'acknowledged')
        AND incidents.withheld_at <= p_now - settings.forgotten_after;
$$;
COMMENT ON FUNCTION health_internal.recommend_from_alerts(timestamptz) IS
'noisy_rule: at least 10 alerts in 7 days, four fifths of which ended within 5 minutes untouched; '
'never_acknowledged: at least 10 told, none taken; flapping: for more than an hour; muted_for_long: beyond '
'settings.forgotten_after.';

CREATE OR REPLACE FUNCTION health_internal.recommend_from_engine(p_now timestamptz)
RETURNS TABLE (
    agent_id text, kind text, priority integer, summary text, reason text, evidence jsonb
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        NULL::text,
        'slow_ticks',
        2,
        'give the engine a longer settings.tick_period, or a faster server',
        format(
            'The last tick took %s ms of a period of %s ms.',
            round(engine.last_tick_ms + coalesce(engine.last_act_ms, 0)),
            round(1000 * date_part('epoch', settings.tick_period))
        ),
        jsonb_build_object(
            'period_ms', round(1000 * date_part('epoch', settings.tick_period)),
            'snapshot_holder_at', (
                SELECT min(activity.xact_start) FROM pg_stat_activity AS activity
                WHERE activity.backend_xmin IS NOT NULL
            )
        )
    FROM health_internal.engine
    CROSS JOIN health.settings
    -- Several ticks in a row are slow where their mean is, which the engine tells of itself.
    INNER JOIN health.agent_status AS status ON status.agent_id = 'heartbeat_health_agent'
    WHERE greatest(status.processing_mean_ms, 0)
        > 500 * date_part('epoch', settings.tick_period)
        AND engine.last_tick_ms IS NOT NULL
    UNION ALL
    SELECT
        refusals.agent_id,
        'too_many_series',
        3,
        'let it log fewer metric names, or raise settings.series_per_agent',
        format(
            'It has %s metrics already; %s more a minute, such as "%s", are left out: does it put values '
            'into names?',
            settings.series_per_agent, refusals.name_count, refusals.metric_name
        ),
        jsonb_build_object(
            'limit_count', settings.series_per_agent, 'name_count', refusals.name_count,
            'last_at', refusals.last_at
        )
    FROM health_internal.series_refusals AS refusals
    CROSS JOIN health.settings
    WHERE refusals.reason = 'name_limit'
        AND refusals.last_at > p_now - interval '1 hour'
    UNION ALL
    SELECT
        NULL,
        'failing_foresight',
        2,
        format('mend the part %s of foresight', parts.part),
        'It said: ' || parts.last_error,
        jsonb_build_object('subject', parts.part)
    FROM health_internal.foresight_parts AS parts
    WHERE parts.last_error IS NOT NULL AND parts.is_enabled AND parts.part <> 'refresh_recommendations';
$$;
COMMENT ON FUNCTION health_internal.recommend_from_engine(timestamptz) IS
'About the monitor itself: slow_ticks (on the mean, more than half the period), too_many_series (names of an '
'agent were left out within the last hour), failing_foresight.';

COMMIT;
