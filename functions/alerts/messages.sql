-- What a message about one incident says.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.incident_message(
    p_now timestamptz,
    p_incident_id bigint,
    p_event text,
    p_step integer,
    p_severity text
)
RETURNS TABLE (subject text, body text, details jsonb)
LANGUAGE sql
STABLE
AS $$
    WITH facts AS (
        SELECT
            incidents.*,
            coalesce(agents.agent_name, incidents.agent_id, 'HeartbeatHealthAgent') AS agent_name,
            status.score,
            status.status,
            status.liveness,
            before.old_score,
            before.old_status,
            coalesce(spoken.summary, p_severity) AS summary,
            spoken.alerts,
            (
                SELECT count(*)
                FROM health.incident_members AS members
                WHERE members.incident_id = incidents.incident_id
            ) AS member_count
        FROM health.incidents
        LEFT JOIN health.agents ON incidents.agent_id = agents.agent_id
        LEFT JOIN health.agent_status AS status ON incidents.agent_id = status.agent_id
        -- The last good state: what the first transition of the trouble left behind.
        LEFT JOIN LATERAL (
            SELECT transitions.old_score, transitions.old_status
            FROM health.status_transitions AS transitions
            WHERE transitions.agent_id = incidents.agent_id
                AND transitions.occurred_at >= incidents.onset_at
            ORDER BY transitions.occurred_at, transitions.transition_id
            LIMIT 1
        ) AS before ON true
        CROSS JOIN LATERAL (
            SELECT
                string_agg(
                    alerts.summary, '; ' ORDER BY rules.message_order, alerts.alert_id
                ) AS summary,
                jsonb_agg(
                    jsonb_build_object(
                        'alert_id', alerts.alert_id, 'rule', alerts.rule,
                        'severity', alerts.severity, 'summary', alerts.summary
                    )
                    ORDER BY health_internal.severity_rank(alerts.severity) DESC, alerts.alert_id
                ) AS alerts
            FROM health.alerts
            LEFT JOIN health.alert_rules AS rules ON alerts.rule = rules.rule
            WHERE alerts.incident_id = incidents.incident_id
                AND (alerts.resolved_at IS NULL OR incidents.resolved_at IS NOT NULL)
        ) AS spoken
        WHERE incidents.incident_id = p_incident_id
    )

    SELECT
        left(translate(
            facts.agent_name || ': ' || CASE p_event
                WHEN 'resolved' THEN 'resolved'
                WHEN 'reminder' THEN 'still ' || facts.summary
                ELSE facts.summary
            END,
            E'\n\r', '  '
        ), 300),
        format(
            E'Agent %s (%s)\n%s\nSince %s\nScore %s, status %s, liveness %s',
            facts.agent_name,
            coalesce(facts.agent_id, 'engine'),
            facts.summary,
            to_char(facts.onset_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'),
            coalesce(round(facts.score::numeric, 2)::text, 'unknown'),
            coalesce(facts.status, 'unknown'),
            coalesce(facts.liveness, 'unknown')
        ),
        jsonb_strip_nulls(jsonb_build_object(
            'event', p_event,
            'incident_id', facts.incident_id,
            'agent_id', facts.agent_id,
            'agent_name', facts.agent_name,
            'severity', p_severity,
            'summary', facts.summary,
            'onset_at', facts.onset_at,
            'detected_at', facts.detected_at,
            'resolved_at', facts.resolved_at,
            'score', facts.score,
            'score_before', facts.old_score,
            'status', facts.status,
            'status_before', facts.old_status,
            'liveness', facts.liveness,
            'alerts', facts.alerts,
            'step', nullif(p_step, 0),
            'incident_count', nullif(facts.member_count, 0),
            'revenue_usd_per_hour', nullif(facts.revenue_usd_per_hour, 0)
        ) || jsonb_build_object(
            'why', CASE WHEN facts.score IS NULL THEN '[]' ELSE (
                SELECT coalesce(jsonb_agg(
                    jsonb_build_object(
                        'component', parts.component, 'value', parts.value,
                        'weight', parts.weight, 'contribution', parts.contribution
                    )
                    ORDER BY parts.harm DESC, parts.component
                ), '[]')
                FROM (
                    SELECT
                        explained.*,
                        CASE explained.component
                            WHEN 'gate' THEN - explained.contribution
                            ELSE explained.weight * (100 - explained.value)
                        END AS harm
                    FROM health.explain(facts.agent_id) AS explained
                ) AS parts
                WHERE parts.harm > 0
            ) END,
            'actions', (
                SELECT coalesce(jsonb_agg(
                    jsonb_build_object('action', taken.action, 'state', taken.state, 'at', taken.at)
                    ORDER BY taken.action_id
                ), '[]')
                FROM (
                    SELECT
                        actions.action_id,
                        actions.action,
                        actions.state,
                        coalesce(actions.finished_at, actions.started_at, actions.created_at) AS at
                    FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = facts.agent_id
                        AND actions.created_at >= facts.onset_at
                    ORDER BY actions.action_id DESC
                    LIMIT 5
                ) AS taken
            )
        ))
    FROM facts;
$$;
COMMENT ON FUNCTION health_internal.incident_message(timestamptz, bigint, text, integer, text) IS
'Subject, body and details of a message about one incident; the keys of details are told in '
'docs/alerting.md.';

COMMIT;
