-- One message for many incidents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.compose_digests(
    p_lines health_internal.digest_line []
)
RETURNS TABLE (
    channel text,
    severity text,
    subject text,
    body text,
    agent_ids text [],
    details jsonb,
    lines health_internal.digest_line []
)
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH lines AS MATERIALIZED (
        SELECT
            given.channel,
            given.incident_id,
            given.event,
            given.severity,
            given.is_first,
            incidents.agent_id,
            incidents.revenue_usd_per_hour
        FROM unnest(p_lines) AS given
        INNER JOIN health.incidents ON given.incident_id = incidents.incident_id
    ),

    placed AS (
        SELECT
            lines.*,
            row_number() OVER (
                PARTITION BY lines.channel
                ORDER BY
                    lines.event = 'resolved',
                    health_internal.severity_rank(lines.severity) DESC,
                    lines.revenue_usd_per_hour DESC,
                    lines.incident_id
            ) AS place
        FROM lines
    ),

    -- Fifty at most are told by name; nobody reads more.
    foremost AS (
        SELECT placed.* FROM placed WHERE placed.place <= 50
    ),

    -- By their keys and of all at once: a join would read all agents, a lookup for each line the open
    -- alerts again for each.
    names AS (
        SELECT agents.agent_id, agents.agent_name
        FROM health.agents
        WHERE agents.agent_id = ANY (ARRAY(SELECT foremost.agent_id FROM foremost))
    ),

    spoken AS (
        SELECT
            alerts.incident_id,
            string_agg(
                alerts.summary, '; ' ORDER BY rules.message_order, alerts.alert_id
            ) AS summary
        FROM health.alerts
        LEFT JOIN health.alert_rules AS rules ON alerts.rule = rules.rule
        WHERE alerts.incident_id = ANY (ARRAY(SELECT foremost.incident_id FROM foremost))
            AND alerts.resolved_at IS NULL
        GROUP BY alerts.incident_id
    ),

    shown AS (
        SELECT
            lines.*,
            coalesce(names.agent_name, lines.agent_id) AS agent_name,
            CASE
                WHEN lines.event = 'resolved' THEN 'resolved'
                ELSE coalesce(spoken.summary, lines.severity)
            END AS summary
        FROM foremost AS lines
        LEFT JOIN names ON lines.agent_id = names.agent_id
        LEFT JOIN spoken ON lines.incident_id = spoken.incident_id
    ),

    named AS (
        SELECT
            shown.channel,
            min(shown.summary) FILTER (WHERE shown.place = 1) AS first_summary,
            string_agg(shown.agent_name || ': ' || shown.summary, E'\n' ORDER BY shown.place)
                AS listing,
            jsonb_agg(
                jsonb_build_object(
                    'agent_id', shown.agent_id, 'agent_name', shown.agent_name,
                    'severity', shown.severity, 'summary', shown.summary
                )
                ORDER BY shown.place
            ) AS agents
        FROM shown
        GROUP BY shown.channel
    ),

    counted AS (
        SELECT
            lines.channel,
            count(*) AS incident_count,
            count(*) FILTER (WHERE lines.event = 'resolved') AS resolved_count,
            coalesce(
                max(health_internal.severity_rank(lines.severity))
                    FILTER (WHERE lines.event <> 'resolved'),
                max(health_internal.severity_rank(lines.severity))
            ) AS severity_rank,
            sum(lines.revenue_usd_per_hour) FILTER (WHERE lines.event <> 'resolved')
                AS revenue_usd_per_hour,
            array_agg(lines.agent_id ORDER BY lines.agent_id) AS agent_ids,
            array_agg(
                ROW(lines.channel, lines.incident_id, lines.event, lines.severity, lines.is_first)
                ::health_internal.digest_line
            ) AS lines
        FROM lines
        GROUP BY lines.channel
    )

    SELECT
        counted.channel,
        health_internal.severity_of_rank(counted.severity_rank),
        left(translate(
            counted.incident_count || CASE counted.incident_count
                WHEN 1 THEN ' incident: ' ELSE ' incidents: '
            END || CASE
                WHEN counted.resolved_count = counted.incident_count THEN 'resolved'
                WHEN counted.resolved_count > 0
                    THEN named.first_summary || ', ' || counted.resolved_count || ' resolved'
                ELSE named.first_summary
            END,
            E'\n\r', '  '
        ), 300),
        counted.incident_count || CASE counted.incident_count
            WHEN 1 THEN E' incident:\n' ELSE E' incidents together:\n'
        END || named.listing
        || CASE WHEN counted.incident_count > 50 THEN E'\n…' ELSE '' END,
        counted.agent_ids,
        jsonb_strip_nulls(jsonb_build_object(
            'event', 'digest',
            'severity', health_internal.severity_of_rank(counted.severity_rank),
            'summary', named.first_summary,
            'incident_count', counted.incident_count,
            'resolved_count', counted.resolved_count,
            'revenue_usd_per_hour', nullif(counted.revenue_usd_per_hour, 0),
            'agents', named.agents
        )),
        counted.lines
    FROM counted
    INNER JOIN named ON counted.channel = named.channel;
END;
$$;
COMMENT ON FUNCTION health_internal.compose_digests(health_internal.digest_line []) IS
'One message per channel for its lines: those still open first, the most severe and dearest of them by '
'name, at most 50.';

CREATE OR REPLACE FUNCTION health_internal.note_digests(p_waits boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_delivery_ids bigint [];
BEGIN
    IF p_waits THEN
        v_delivery_ids := ARRAY(
            SELECT digests.delivery_id
            FROM health.deliveries AS digests
            WHERE NOT digests.is_noted
            FOR UPDATE
        );
    ELSE
        v_delivery_ids := ARRAY(
            SELECT digests.delivery_id
            FROM health.deliveries AS digests
            WHERE NOT digests.is_noted
            FOR UPDATE SKIP LOCKED
        );
    END IF;
    IF v_delivery_ids = '{}' THEN
        RETURN;
    END IF;

    WITH noted AS (
        UPDATE health.deliveries AS digests
        SET is_noted = true
        WHERE digests.delivery_id = ANY (v_delivery_ids)
        RETURNING digests.delivery_id, digests.channel, digests.created_at, digests.lines
    )

    INSERT INTO health.alert_events (
        occurred_at, incident_id, agent_id, event, reason_code, reason, channel, delivery_id
    )
    SELECT
        noted.created_at, lines.incident_id, incidents.agent_id, 'grouped', 'digest',
        lines.event, noted.channel, noted.delivery_id
    FROM noted
    CROSS JOIN LATERAL unnest(noted.lines) AS lines
    INNER JOIN health.incidents ON lines.incident_id = incidents.incident_id;
END;
$$;
COMMENT ON FUNCTION health_internal.note_digests(boolean) IS
'Notes in the ledger, for each line of digests whose lines are not there yet, that it left in that digest. '
'Apart from queueing them, because ten thousand lines take longer to write than their one page should '
'wait. One that somebody else has locked is left to the next tick, unless p_waits.';

COMMIT;
