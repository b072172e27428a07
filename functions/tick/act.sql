-- Act: from conditions to alerts, incidents and messages; recoveries move on. Level-triggered: it
-- compares what holds with what is open, so that a tick that failed is made good by the next.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.severity_rank(p_severity text)
RETURNS integer
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE p_severity
    WHEN 'info' THEN 1
    WHEN 'warning' THEN 2
    WHEN 'critical' THEN 3
    WHEN 'emergency' THEN 4
END;
COMMENT ON FUNCTION health_internal.severity_rank(text) IS
'Order of severities: info 1, warning 2, critical 3, emergency 4.';

CREATE OR REPLACE FUNCTION health_internal.queue_deliveries(
    p_now timestamptz,
    p_incident_ids bigint [],
    p_event text
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- Thousands can fail in one tick, before statistics know: hash joins stay linear. Where a loop is all
-- that is left its cost looks endless, and compiling for it would take a second: no jit.
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    v_count bigint;
BEGIN
    -- Many incidents at once share one digest per channel: ten thousand agents dying together are
    -- one page.
    WITH told AS MATERIALIZED (
        SELECT
            incidents.incident_id,
            incidents.agent_id,
            incidents.severity,
            incidents.onset_at,
            coalesce(agents.agent_name, incidents.agent_id, 'The monitor') AS agent_name,
            status.score,
            status.status,
            status.liveness,
            summaries.summary,
            cardinality(p_incident_ids) > 10 AS is_digest
        FROM health.incidents
        LEFT JOIN health.agents ON incidents.agent_id = agents.agent_id
        LEFT JOIN health.agent_status AS status ON incidents.agent_id = status.agent_id
        LEFT JOIN (
            SELECT
                alerts.incident_id,
                string_agg(DISTINCT alerts.summary, '; ') AS summary
            FROM health.alerts
            WHERE alerts.incident_id = ANY (p_incident_ids)
                AND (alerts.resolved_at IS NULL OR p_event = 'resolved')
            GROUP BY alerts.incident_id
        ) AS summaries ON incidents.incident_id = summaries.incident_id
        WHERE incidents.incident_id = ANY (p_incident_ids)
    ),

    messages AS (
        SELECT
            told.incident_id,
            told.severity,
            told.agent_name || ': ' || CASE p_event
                WHEN 'resolved' THEN 'resolved'
                ELSE coalesce(told.summary, told.severity)
            END AS subject,
            format(
                E'Agent %s (%s)\n%s\nSince %s\nScore %s, status %s, liveness %s',
                told.agent_name,
                coalesce(told.agent_id, 'engine'),
                coalesce(told.summary, ''),
                to_char(told.onset_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'),
                coalesce(round(told.score::numeric, 2)::text, 'unknown'),
                coalesce(told.status, 'unknown'),
                coalesce(told.liveness, 'unknown')
            ) AS body,
            array_remove(ARRAY[told.agent_id], NULL) AS agent_ids,
            jsonb_build_object(
                'event', p_event, 'agent_id', told.agent_id, 'agent_name', told.agent_name,
                'incident_id', told.incident_id, 'onset_at', told.onset_at, 'score', told.score,
                'status', told.status, 'liveness', told.liveness, 'summary', told.summary
            ) AS details,
            'incident-' || told.incident_id || '-' || p_event || CASE p_event
                WHEN 'escalated' THEN '-' || told.severity
                ELSE ''
            END AS message_key
        FROM told
        WHERE NOT told.is_digest

        UNION ALL

        SELECT
            NULL,
            (array_agg(
                told.severity ORDER BY health_internal.severity_rank(told.severity) DESC
            ))[1],
            count(*) || ' agents: ' || CASE p_event
                WHEN 'resolved' THEN 'resolved'
                ELSE min(told.summary)
            END,
            count(*) || ' incidents ' || p_event || E' together:\n'
            || array_to_string((array_agg(told.agent_name ORDER BY told.agent_name))[:50], E'\n')
            || CASE WHEN count(*) > 50 THEN E'\n…' ELSE '' END,
            array_agg(told.agent_id ORDER BY told.agent_id) FILTER (WHERE told.agent_id IS NOT NULL),
            jsonb_build_object('event', p_event, 'incident_count', count(*)),
            'digest-' || p_event || '-' || min(told.incident_id) || '-' || max(told.incident_id)
        FROM told
        WHERE told.is_digest
        HAVING count(*) > 0
    ),

    queued AS (
        INSERT INTO health.deliveries (
            incident_id, channel, event, severity, subject, body, agent_ids, details,
            idempotency_key, created_at, not_before
        )
        SELECT
            messages.incident_id,
            channels.channel,
            CASE WHEN messages.incident_id IS NULL THEN 'digest' ELSE p_event END,
            messages.severity,
            left(translate(messages.subject, E'\n\r', '  '), 300),
            messages.body,
            messages.agent_ids,
            messages.details,
            messages.message_key || '-' || channels.channel,
            p_now,
            p_now
        FROM messages
        INNER JOIN health.channels
            ON channels.is_enabled
            AND health_internal.severity_rank(messages.severity)
            >= health_internal.severity_rank(channels.minimum_severity)
        ON CONFLICT (idempotency_key) DO NOTHING
        RETURNING deliveries.delivery_id, deliveries.incident_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event, reason, delivery_id)
        SELECT
            alerts.alert_id,
            p_now,
            CASE WHEN queued.incident_id IS NULL THEN 'grouped' ELSE 'queued' END,
            p_event,
            queued.delivery_id
        FROM queued
        INNER JOIN health.alerts
            ON alerts.incident_id = queued.incident_id
            OR (queued.incident_id IS NULL AND alerts.incident_id = ANY (p_incident_ids))
    )

    SELECT count(*)
    INTO v_count
    FROM queued;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.queue_deliveries(timestamptz, bigint [], text) IS
'Queues one message per incident and enabled channel (event opened, escalated, resolved or '
'recovery_failed), or one digest per channel for more than ten incidents at once. Returns how many.';

CREATE OR REPLACE FUNCTION health_internal.act_on_alerts(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- Thousands can fail in one tick, before statistics know: hash joins stay linear. Where a loop is all
-- that is left its cost looks endless, and compiling for it would take a second: no jit.
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    v_opened bigint;
    v_new_incidents bigint [];
    v_escalated bigint [];
    v_resolved bigint [];
BEGIN
    -- Incidents first: one per agent with a condition.
    WITH bad AS MATERIALIZED (
        SELECT
            status.agent_id,
            status.last_heartbeat_at,
            status.liveness,
            (array_agg(
                rules.severity ORDER BY health_internal.severity_rank(rules.severity) DESC
            ))[1] AS severity
        FROM health.agent_status AS status
        CROSS JOIN LATERAL unnest(status.active_conditions) AS conditions (rule)
        INNER JOIN health.alert_rules AS rules
            ON conditions.rule = rules.rule AND rules.is_enabled
        WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
            AND status.active_conditions <> '{}'
        GROUP BY status.agent_id
    ),

    opened AS (
        INSERT INTO health.incidents AS incidents (agent_id, severity, onset_at, detected_at)
        SELECT
            bad.agent_id,
            bad.severity,
            CASE
                WHEN bad.liveness = 'unresponsive' THEN least(bad.last_heartbeat_at, p_now)
                ELSE p_now
            END,
            p_now
        FROM bad
        WHERE NOT EXISTS (
            SELECT FROM health.incidents AS standing
            WHERE standing.agent_id = bad.agent_id AND standing.resolved_at IS NULL
        )
        ON CONFLICT (agent_id) WHERE resolved_at IS NULL DO NOTHING
        RETURNING incidents.incident_id
    ),

    escalated AS (
        UPDATE health.incidents
        SET severity = bad.severity
        FROM bad
        WHERE incidents.agent_id = bad.agent_id
            AND incidents.resolved_at IS NULL
            AND health_internal.severity_rank(bad.severity)
            > health_internal.severity_rank(incidents.severity)
        RETURNING incidents.incident_id
    )

    SELECT
        ARRAY(SELECT opened.incident_id FROM opened),
        ARRAY(SELECT escalated.incident_id FROM escalated)
    INTO v_new_incidents, v_escalated;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, opened_at,
            acknowledged_at, acknowledged_by
        )
        SELECT
            incidents.incident_id,
            status.agent_id,
            rules.rule,
            rules.severity,
            rules.summary,
            jsonb_strip_nulls(jsonb_build_object(
                'score', round(status.score::numeric, 2),
                'ungated_score', round(status.ungated_score::numeric, 2),
                'status', status.status, 'liveness', status.liveness, 'state', status.state,
                'last_heartbeat_at', status.last_heartbeat_at,
                'silent_seconds', round(status.silent_seconds::numeric, 3),
                'session_lost_at', status.session_lost_at
            )),
            p_now,
            NULL,
            NULL
        FROM health.agent_status AS status
        CROSS JOIN LATERAL unnest(status.active_conditions) AS conditions (rule)
        INNER JOIN health.alert_rules AS rules
            ON conditions.rule = rules.rule AND rules.is_enabled
        INNER JOIN health.incidents
            ON status.agent_id = incidents.agent_id AND incidents.resolved_at IS NULL
        WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
            AND status.active_conditions <> '{}'
            AND NOT EXISTS (
                SELECT FROM health.alerts AS standing
                WHERE standing.agent_id = status.agent_id
                    AND standing.rule = rules.rule
                    AND standing.resolved_at IS NULL
            )
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event)
        SELECT opened.alert_id, p_now, 'opened'
        FROM opened
    )

    SELECT count(*)
    INTO v_opened
    FROM opened;

    -- Alerts whose condition no longer holds; user rules and engine alerts are resolved elsewhere.
    WITH closed AS (
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        FROM health.alert_rules AS rules, health.agent_status AS status
        WHERE alerts.resolved_at IS NULL
            AND alerts.rule = rules.rule
            AND rules.is_builtin
            AND rules.rule <> 'recovery_failed'
            AND status.agent_id = alerts.agent_id
            AND NOT alerts.rule = ANY (status.active_conditions)
            -- An agent says goodbye while it is being restarted: that is no recovery yet.
            AND NOT (
                status.liveness IN ('stopped', 'starting')
                AND EXISTS (
                    SELECT FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = alerts.agent_id
                        AND actions.state IN ('claimed', 'executing', 'verifying')
                )
            )
        RETURNING alerts.alert_id
    ),

    recovered AS (
        -- A failed recovery is over when nothing else is wrong with the agent.
        UPDATE health.alerts
        SET resolved_at = p_now, resolved_by = 'engine'
        FROM health.agent_status AS status
        WHERE alerts.resolved_at IS NULL
            AND alerts.rule = 'recovery_failed'
            AND status.agent_id = alerts.agent_id
            AND status.active_conditions = '{}'
            AND status.issue_type IS NULL
        RETURNING alerts.alert_id
    )

    INSERT INTO health.alert_events (alert_id, occurred_at, event, reason)
    SELECT closed.alert_id, p_now, 'resolved', 'the condition no longer holds'
    FROM closed
    UNION ALL
    SELECT recovered.alert_id, p_now, 'resolved', 'the agent is healthy'
    FROM recovered;

    WITH resolved AS (
        UPDATE health.incidents
        SET resolved_at = p_now
        WHERE incidents.resolved_at IS NULL
            AND NOT EXISTS (
                SELECT FROM health.alerts
                WHERE alerts.incident_id = incidents.incident_id AND alerts.resolved_at IS NULL
            )
        RETURNING incidents.incident_id
    )

    SELECT ARRAY(SELECT resolved.incident_id FROM resolved)
    INTO v_resolved;

    IF v_new_incidents <> '{}' THEN
        PERFORM health_internal.queue_deliveries(p_now, v_new_incidents, 'opened');
    END IF;
    IF v_escalated <> '{}' THEN
        PERFORM health_internal.queue_deliveries(p_now, v_escalated, 'escalated');
    END IF;
    IF v_resolved <> '{}' THEN
        -- A page that never left is not followed by its all-clear.
        PERFORM health_internal.queue_deliveries(p_now, v_resolved, 'resolved');
    END IF;
    RETURN v_opened;
END;
$$;
COMMENT ON FUNCTION health_internal.act_on_alerts(timestamptz) IS
'Opens and closes incidents and alerts so that they agree with agent_status.active_conditions, and '
'queues their messages; returns how many alerts opened.';

CREATE OR REPLACE FUNCTION health_internal.open_recovery_failed(
    p_now timestamptz,
    p_agent_ids text [],
    p_reason text
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
-- Thousands can fail in one tick, before statistics know: hash joins stay linear. Where a loop is all
-- that is left its cost looks endless, and compiling for it would take a second: no jit.
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    v_incidents bigint [];
BEGIN
    INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at)
    SELECT failed.agent_id, 'critical', p_now, p_now
    FROM unnest(p_agent_ids) AS failed (agent_id)
    ON CONFLICT (agent_id) WHERE resolved_at IS NULL DO NOTHING;

    WITH opened AS (
        INSERT INTO health.alerts AS alerts (
            incident_id, agent_id, rule, severity, summary, details, opened_at
        )
        SELECT
            incidents.incident_id, incidents.agent_id, rules.rule, rules.severity,
            rules.summary || ': ' || p_reason, jsonb_build_object('reason', p_reason), p_now
        FROM health.incidents
        INNER JOIN health.alert_rules AS rules ON rules.rule = 'recovery_failed'
        WHERE incidents.agent_id = ANY (p_agent_ids)
            AND incidents.resolved_at IS NULL
            AND rules.is_enabled
        ON CONFLICT (agent_id, rule) WHERE resolved_at IS NULL DO NOTHING
        RETURNING alerts.alert_id, alerts.incident_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event, reason)
        SELECT opened.alert_id, p_now, 'opened', p_reason
        FROM opened
    )

    SELECT array_agg(opened.incident_id)
    INTO v_incidents
    FROM opened;

    IF v_incidents IS NOT NULL THEN
        PERFORM health_internal.queue_deliveries(p_now, v_incidents, 'recovery_failed');
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.open_recovery_failed(timestamptz, text [], text) IS
'Opens the alert recovery_failed for agents that only a person can help, and queues its message.';

COMMIT;
