-- Opening and closing: alerts, and the incident of each agent that holds them.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.trouble_began_at(p_agent_id text, p_now timestamptz)
RETURNS timestamptz
LANGUAGE sql
STABLE
AS $$
    -- The latest change from well to ill, if no change back has followed.
    SELECT changes.occurred_at
    FROM health.status_transitions AS changes
    WHERE changes.agent_id = p_agent_id
        AND changes.occurred_at <= p_now
        AND (changes.old_status IN ('poor', 'critical')) IS DISTINCT FROM
            (changes.new_status IN ('poor', 'critical'))
    ORDER BY changes.occurred_at DESC
    LIMIT 1
$$;
COMMENT ON FUNCTION health_internal.trouble_began_at(text, timestamptz) IS
'Since when an agent whose status is poor or critical has been so; NULL: no transition tells.';

CREATE OR REPLACE FUNCTION health_internal.open_alerts(
    p_now timestamptz,
    p_opening health_internal.alert_change []
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_count bigint;
BEGIN
    WITH opening AS MATERIALIZED (
        SELECT
            changes.*,
            CASE WHEN changes.agent_id IS NULL THEN changes.rule END AS engine_rule
        FROM unnest(p_opening) AS changes
    ),

    troubled AS MATERIALIZED (
        SELECT
            opening.agent_id,
            opening.engine_rule,
            max(health_internal.severity_rank(opening.severity)) AS severity_rank,
            bool_and(opening.rule = 'business_impact') AS is_loss_only
        FROM opening
        GROUP BY opening.agent_id, opening.engine_rule
    ),

    standing AS MATERIALIZED (
        SELECT incidents.incident_id, incidents.agent_id, incidents.engine_rule
        FROM troubled
        INNER JOIN health.incidents
            ON troubled.agent_id = incidents.agent_id AND incidents.resolved_at IS NULL
        UNION ALL
        SELECT incidents.incident_id, incidents.agent_id, incidents.engine_rule
        FROM troubled
        INNER JOIN health.incidents
            ON incidents.agent_id IS NULL
            AND troubled.engine_rule = incidents.engine_rule
            AND incidents.resolved_at IS NULL
    ),

    begun AS (
        INSERT INTO health.incidents AS incidents (
            agent_id, engine_rule, fleet_incident_id, severity, revenue_usd_per_hour, onset_at,
            detected_at
        )
        SELECT
            troubled.agent_id,
            troubled.engine_rule,
            fleet.incident_id,
            health_internal.severity_of_rank(troubled.severity_rank),
            CASE
                WHEN troubled.is_loss_only THEN 0 ELSE coalesce(agents.revenue_usd_per_hour, 0)
            END + greatest(0, - status.revenue_impact_usd),
            -- The last good beat of a silence, the beat that said so, or the first bad evaluation.
            CASE
                WHEN status.liveness = 'unresponsive' OR status.state IN ('error', 'failed')
                    THEN least(status.last_heartbeat_at, p_now)
                WHEN status.status IN ('poor', 'critical')
                    THEN coalesce(
                        health_internal.trouble_began_at(troubled.agent_id, p_now), p_now
                    )
                ELSE p_now
            END,
            p_now
        FROM troubled
        LEFT JOIN health.agent_status AS status ON troubled.agent_id = status.agent_id
        LEFT JOIN health.agents ON troubled.agent_id = agents.agent_id
        LEFT JOIN (
            SELECT members.agent_id, max(members.incident_id) AS incident_id
            FROM health.incidents AS shared
            INNER JOIN health.incident_members AS members
                ON shared.incident_id = members.incident_id
            WHERE shared.agent_id IS NULL AND shared.resolved_at IS NULL
            GROUP BY members.agent_id
        ) AS fleet ON troubled.agent_id = fleet.agent_id
        WHERE NOT EXISTS (
            SELECT FROM standing
            WHERE coalesce(standing.agent_id, '') = coalesce(troubled.agent_id, '')
                AND coalesce(standing.engine_rule, '') = coalesce(troubled.engine_rule, '')
        )
        RETURNING incidents.incident_id, incidents.agent_id, incidents.engine_rule
    ),

    homes AS (
        SELECT standing.* FROM standing
        UNION ALL
        SELECT begun.* FROM begun
    ),

    opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, opened_at
        )
        SELECT
            homes.incident_id,
            opening.agent_id,
            opening.rule,
            opening.severity,
            opening.summary,
            coalesce(opening.details, '{}') || jsonb_strip_nulls(jsonb_build_object(
                'score', round(status.score::numeric, 2),
                'ungated_score', round(status.ungated_score::numeric, 2),
                'status', status.status,
                'liveness', status.liveness,
                'state', status.state,
                'last_heartbeat_at', status.last_heartbeat_at,
                'silent_seconds', round(status.silent_seconds::numeric, 3),
                'session_lost_at', status.session_lost_at
            )),
            p_now
        FROM opening
        INNER JOIN homes
            ON coalesce(opening.agent_id, '') = coalesce(homes.agent_id, '')
            AND coalesce(opening.engine_rule, '') = coalesce(homes.engine_rule, '')
        LEFT JOIN health.agent_status AS status ON opening.agent_id = status.agent_id
        RETURNING alerts.alert_id, alerts.incident_id, alerts.agent_id
    ),

    noted AS (
        INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, agent_id, event)
        SELECT p_now, opened.incident_id, opened.alert_id, opened.agent_id, 'opened'
        FROM opened
    ),

    touched AS (
        UPDATE health.incidents
        SET
            severity = health_internal.severity_of_rank(greatest(
                health_internal.severity_rank(incidents.severity), troubled.severity_rank
            )),
            next_check_at = '-infinity'
        FROM standing
        INNER JOIN troubled
            ON coalesce(standing.agent_id, '') = coalesce(troubled.agent_id, '')
            AND coalesce(standing.engine_rule, '') = coalesce(troubled.engine_rule, '')
        WHERE incidents.incident_id = standing.incident_id
    )

    SELECT count(*)
    INTO v_count
    FROM opened;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.open_alerts(timestamptz, health_internal.alert_change []) IS
'Opens alerts, and incidents for agents (or rules of the engine) that have none; returns how many '
'alerts.';

CREATE OR REPLACE FUNCTION health_internal.close_alerts(
    p_now timestamptz,
    p_closing bigint []
)
RETURNS text []
LANGUAGE sql
VOLATILE
AS $$
    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        FROM unnest(p_closing) AS closing (alert_id)
        INNER JOIN health.alerts AS candidates ON closing.alert_id = candidates.alert_id
        LEFT JOIN health.agent_status AS status ON candidates.agent_id = status.agent_id
        WHERE alerts.alert_id = closing.alert_id
            AND CASE
                -- A failed recovery is over when nothing else is wrong with the agent, or it was removed.
                WHEN alerts.rule = 'recovery_failed'
                    THEN (
                        status.active_conditions <@ '{business_impact}'
                        AND status.issue_type IS NULL
                    ) IS NOT FALSE
                -- An agent says goodbye while it is being restarted: that is no recovery yet.
                WHEN status.liveness IN ('stopped', 'starting')
                    THEN NOT EXISTS (
                        SELECT FROM health.recovery_actions AS actions
                        WHERE actions.agent_id = alerts.agent_id
                            AND actions.finished_at IS NULL
                            AND actions.claimed_by IS NOT NULL
                    )
                ELSE true
            END
        RETURNING alerts.alert_id, alerts.incident_id, alerts.agent_id, alerts.rule
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, alert_id, agent_id, event, reason
        )
        SELECT
            p_now, closed.incident_id, closed.alert_id, closed.agent_id, 'resolved',
            CASE closed.rule
                WHEN 'recovery_failed' THEN 'nothing else is wrong with the agent'
                ELSE 'the condition no longer holds'
            END
        FROM closed
    ),

    ended AS (
        UPDATE health.incidents
        SET resolved_at = p_now, next_check_at = '-infinity'
        WHERE incidents.incident_id IN (SELECT closed.incident_id FROM closed)
            AND NOT EXISTS (
                SELECT FROM health.alerts AS standing
                WHERE standing.incident_id = incidents.incident_id
                    AND standing.resolved_at IS NULL
                    -- What this statement closed still looks open to it.
                    AND NOT EXISTS (
                        SELECT FROM closed WHERE closed.alert_id = standing.alert_id
                    )
            )
    )

    SELECT array_agg(closed.agent_id) FILTER (WHERE closed.rule IN ('unresponsive', 'failed'))
    FROM closed;
$$;
COMMENT ON FUNCTION health_internal.close_alerts(timestamptz, bigint []) IS
'Closes alerts whose rule no longer holds, and incidents with none left; returns agents that came back '
'from the dead.';

COMMIT;
