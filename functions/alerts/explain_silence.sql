-- Why was I not paged? The ledger, read for one agent and time.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.explain_silence(
    p_agent_id text,
    p_from timestamptz DEFAULT '-infinity',
    p_to timestamptz DEFAULT 'infinity'
)
RETURNS TABLE (
    occurred_at timestamptz,
    incident_id bigint,
    was_told boolean,
    reason_code text,
    explanation text,
    channel text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
ROWS 20
AS $$
BEGIN
    PERFORM health_internal.check_visible(p_agent_id);
    IF NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not known', coalesce(p_agent_id, 'NULL')
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    RETURN QUERY
    WITH ledger AS (
        SELECT events.*
        FROM health.incidents
        INNER JOIN health.alert_events AS events ON incidents.incident_id = events.incident_id
        WHERE incidents.agent_id = p_agent_id
        UNION ALL
        -- What was said of many agents was said of this one.
        SELECT events.*
        FROM health.incidents
        INNER JOIN health.alert_events AS events
            ON incidents.fleet_incident_id = events.incident_id
        WHERE incidents.agent_id = p_agent_id
        UNION ALL
        SELECT events.*
        FROM health.alert_events AS events
        WHERE events.incident_id IS NULL AND events.agent_id = p_agent_id
    ),

    told AS (
        SELECT
            ledger.occurred_at,
            ledger.incident_id,
            coalesce(deliveries.state = 'delivered', false) AS was_told,
            CASE
                WHEN deliveries.state = 'delivered' THEN NULL
                WHEN deliveries.state IS NOT NULL THEN deliveries.state
                ELSE ledger.reason_code
            END AS reason_code,
            CASE
                WHEN deliveries.state = 'delivered' THEN format(
                    'message %s (%s) was delivered at %s', ledger.delivery_id, ledger.reason,
                    deliveries.finished_at
                )
                WHEN deliveries.state IS NOT NULL THEN format(
                    'message %s (%s) is %s: %s', ledger.delivery_id, ledger.reason,
                    deliveries.state, deliveries.outcome
                )
                ELSE ledger.reason
            END AS explanation,
            ledger.channel,
            ledger.alert_event_id
        FROM ledger
        LEFT JOIN health.deliveries ON ledger.delivery_id = deliveries.delivery_id
        WHERE ledger.occurred_at >= p_from
            AND ledger.occurred_at < p_to
            AND ledger.event IN ('queued', 'grouped', 'suppressed', 'acknowledged')
    )

    SELECT
        told.occurred_at, told.incident_id, told.was_told, told.reason_code, told.explanation,
        told.channel
    FROM told
    UNION ALL
    SELECT
        NULL, NULL, false, 'nothing_wrong',
        format(
            'nothing was wrong enough for an alert; now: liveness %s, score %s',
            coalesce(status.liveness, 'never_seen'),
            coalesce(round(status.score::numeric, 2)::text, 'unknown')
        ),
        NULL
    FROM health.agents
    LEFT JOIN health.agent_status AS status ON agents.agent_id = status.agent_id
    WHERE agents.agent_id = p_agent_id AND NOT EXISTS (SELECT FROM told)
    ORDER BY 1, 2;
END;
$$;
COMMENT ON FUNCTION health.explain_silence(text, timestamptz, timestamptz) IS
'Why was I not paged? One row per message about an agent that was sent (was_told) or not (reason_code '
'and explanation) between two times; or one row that says that nothing was wrong. Raises AG001 for an '
'unknown agent.';

GRANT EXECUTE ON FUNCTION health.explain_silence(text, timestamptz, timestamptz)
TO health_analyst, health_bridge;

COMMIT;
