-- Incidents that others open: of many agents at once, and of recoveries that gave up.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.open_fleet_incident(
    p_now timestamptz,
    p_agent_ids text [],
    p_rule text,
    p_summary text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_severity text;
    v_incident_id bigint;
    v_alert_id bigint;
BEGIN
    SELECT rules.severity
    INTO v_severity
    FROM health.alert_rules AS rules
    WHERE rules.rule = p_rule;
    IF v_severity IS NULL THEN
        RAISE EXCEPTION 'rule "%" is not known', coalesce(p_rule, 'NULL')
            USING ERRCODE = 'AL006',
                HINT = 'SELECT rule FROM health.alert_rules lists them.';
    END IF;

    SELECT incidents.incident_id
    INTO v_incident_id
    FROM health.incidents
    WHERE incidents.agent_id IS NULL
        AND incidents.engine_rule = p_rule
        AND incidents.resolved_at IS NULL;
    IF v_incident_id IS NULL THEN
        INSERT INTO health.incidents AS incidents (
            engine_rule, severity, revenue_usd_per_hour, onset_at, detected_at
        )
        SELECT
            p_rule,
            v_severity,
            coalesce(sum(agents.revenue_usd_per_hour), 0),
            least(min(status.last_heartbeat_at), p_now),
            p_now
        FROM unnest(p_agent_ids) AS members (agent_id)
        LEFT JOIN health.agents ON members.agent_id = agents.agent_id
        LEFT JOIN health.agent_status AS status ON members.agent_id = status.agent_id
        RETURNING incidents.incident_id INTO v_incident_id;
        INSERT INTO health.alerts AS alerts (
            incident_id, rule, severity, summary, details, is_managed, opened_at
        )
        VALUES (
            v_incident_id, p_rule, v_severity, p_summary,
            jsonb_build_object('agent_count', cardinality(p_agent_ids)), true, p_now
        )
        RETURNING alerts.alert_id INTO v_alert_id;
        INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, event)
        VALUES (p_now, v_incident_id, v_alert_id, 'opened');
    END IF;

    INSERT INTO health.incident_members (incident_id, agent_id)
    SELECT DISTINCT v_incident_id, members.agent_id
    FROM unnest(p_agent_ids) AS members (agent_id)
    ON CONFLICT (incident_id, agent_id) DO NOTHING;
    UPDATE health.incidents
    SET fleet_incident_id = v_incident_id, next_check_at = '-infinity'
    WHERE incidents.agent_id = ANY (p_agent_ids) AND incidents.resolved_at IS NULL;
    RETURN v_incident_id;
END;
$$;
COMMENT ON FUNCTION health_internal.open_fleet_incident(timestamptz, text [], text, text) IS
'Opens one incident for many agents, or adds them to the open one of that rule; while it is open their '
'own incidents are recorded and do not page. The next notify tells of it; it ends when no more than a '
'tenth of them are in trouble, of whom the truth is told then. Returns its incident_id. Raises AL006 '
'for an unknown rule.';

CREATE OR REPLACE FUNCTION health_internal.close_fleet_incidents(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_ended bigint [];
BEGIN
    SELECT array_agg(shared.incident_id)
    INTO v_ended
    FROM health.incidents AS shared
    CROSS JOIN LATERAL (
        SELECT count(*) AS agent_count
        FROM health.incident_members AS members
        WHERE members.incident_id = shared.incident_id
    ) AS fleet
    CROSS JOIN LATERAL (
        SELECT count(*) AS agent_count
        FROM health.incidents AS own
        WHERE own.fleet_incident_id = shared.incident_id AND own.resolved_at IS NULL
    ) AS troubled
    WHERE shared.agent_id IS NULL
        AND shared.resolved_at IS NULL
        -- Its agents' own incidents may still be about to open.
        AND shared.detected_at < p_now
        AND fleet.agent_count > 0
        AND troubled.agent_count * 10 <= fleet.agent_count;
    IF v_ended IS NULL THEN
        RETURN;
    END IF;

    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        WHERE alerts.incident_id = ANY (v_ended) AND alerts.resolved_at IS NULL
        RETURNING alerts.alert_id, alerts.incident_id
    )

    INSERT INTO health.alert_events (occurred_at, incident_id, alert_id, event, reason)
    SELECT p_now, closed.incident_id, closed.alert_id, 'resolved', 'most of its agents are back'
    FROM closed;
    UPDATE health.incidents
    SET resolved_at = p_now, next_check_at = '-infinity'
    WHERE incidents.incident_id = ANY (v_ended);
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE incidents.fleet_incident_id = ANY (v_ended) AND NOT incidents.is_settled;
END;
$$;
COMMENT ON FUNCTION health_internal.close_fleet_incidents(timestamptz) IS
'Ends incidents of many agents of whom no more than a tenth are still in trouble.';

CREATE OR REPLACE FUNCTION health_internal.open_recovery_failed(
    p_now timestamptz,
    p_agent_ids text [],
    p_reason text,
    p_is_news boolean DEFAULT true
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
BEGIN
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at)
    SELECT DISTINCT failed.agent_id, rules.severity, p_now, p_now
    FROM unnest(p_agent_ids) AS failed (agent_id)
    INNER JOIN health.alert_rules AS rules
        ON rules.rule = 'recovery_failed' AND rules.is_enabled
    WHERE p_is_news
    ON CONFLICT (agent_id, engine_rule) WHERE resolved_at IS NULL DO NOTHING;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, is_managed, opened_at
        )
        SELECT
            incidents.incident_id,
            incidents.agent_id,
            rules.rule,
            -- What was so from the beginning makes nothing worse.
            CASE WHEN p_is_news THEN rules.severity ELSE incidents.severity END,
            rules.summary || ': ' || p_reason,
            jsonb_build_object('reason', p_reason),
            true,
            p_now
        FROM health.incidents
        INNER JOIN health.alert_rules AS rules
            ON rules.rule = 'recovery_failed' AND rules.is_enabled
        WHERE incidents.agent_id = ANY (p_agent_ids) AND incidents.resolved_at IS NULL
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id, alerts.incident_id, alerts.agent_id, alerts.severity
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, alert_id, agent_id, event, reason
        )
        SELECT p_now, opened.incident_id, opened.alert_id, opened.agent_id, 'opened', p_reason
        FROM opened
    )

    UPDATE health.incidents
    SET
        severity = health_internal.severity_of_rank(greatest(
            health_internal.severity_rank(incidents.severity),
            health_internal.severity_rank(opened.severity)
        )),
        is_recovery_failure_told = incidents.is_recovery_failure_told OR NOT p_is_news,
        next_check_at = '-infinity'
    FROM opened
    WHERE incidents.incident_id = opened.incident_id;
END;
$$;
COMMENT ON FUNCTION health_internal.open_recovery_failed(timestamptz, text [], text, boolean) IS
'Opens the alert recovery_failed for agents that only a person can help; the next notify tells of it. p_is_news '
'false: it was so from the beginning, and is part of what is told of incidents that are open, no message of its own.';

COMMIT;
