-- The figures of a backtest, measured against the troubles that are known.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.known_troubles(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text []
)
RETURNS TABLE (agent_id text, began_at timestamptz, ended_at timestamptz)
LANGUAGE sql
STABLE
AS $$
    -- What overlaps is one trouble: an incident's time, a failure event and the ten minutes after it.
    SELECT
        merged.agent_id,
        lower(merged.times),
        upper(merged.times)
    FROM (
        SELECT
            troubles.agent_id,
            unnest(range_agg(troubles.times)) AS times
        FROM (
            SELECT
                coalesce(members.agent_id, incidents.agent_id) AS agent_id,
                tstzrange(incidents.onset_at, coalesce(incidents.resolved_at, p_to), '[]') AS times
            FROM health.incidents
            LEFT JOIN health.incident_members AS members
                ON incidents.incident_id = members.incident_id
            WHERE incidents.severity IN ('critical', 'emergency')
                AND incidents.onset_at <= p_to
            UNION ALL
            SELECT
                coalesce(failures.event_data ->> 'agent_id', failures.agent_id),
                tstzrange(
                    failures.received_at, failures.received_at + interval '10 minutes', '[]'
                )
            FROM health.system_events AS failures
            WHERE failures.event_type = 'failure'
                AND failures.received_at > p_from
                AND failures.received_at <= p_to
        ) AS troubles
        WHERE troubles.agent_id <> 'heartbeat_health_agent'
            AND (p_agent_ids IS NULL OR troubles.agent_id = ANY (p_agent_ids))
        GROUP BY troubles.agent_id
    ) AS merged
    WHERE upper(merged.times) > p_from AND lower(merged.times) < p_to;
$$;
COMMENT ON FUNCTION health_internal.known_troubles(timestamptz, timestamptz, text []) IS
'What is known to have been wrong with agents in the period: incidents of severity critical or emergency '
'from their onset, and events of type failure (of event_data.agent_id, or of who wrote it) with the ten '
'minutes after each; what overlaps is one.';

CREATE OR REPLACE FUNCTION health_internal.backtest_figures(
    p_events health_internal.backtest_event [],
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text []
)
RETURNS TABLE (
    agent_count bigint,
    alert_count bigint,
    page_count bigint,
    known_count bigint,
    detected_count bigint,
    detection_seconds_median double precision,
    detection_seconds_p90 double precision,
    false_positive_count bigint,
    restarts_ordered bigint,
    transition_count bigint,
    status_seconds jsonb,
    cost jsonb
)
LANGUAGE sql
STABLE
SET jit = off
AS $$
    WITH events AS MATERIALIZED (
        SELECT happened.* FROM unnest(p_events) AS happened
    ),

    -- Incidents that call somebody; a warning is a hint and neither detects nor accuses.
    incidents AS MATERIALIZED (
        SELECT
            events.agent_id,
            events.occurred_at,
            tstzrange(events.began_at, coalesce(events.ended_at, p_to), '[]') AS times
        FROM events
        WHERE events.kind = 'incident' AND events.severity IN ('critical', 'emergency')
    ),

    known AS MATERIALIZED (
        SELECT troubles.* FROM health_internal.known_troubles(p_from, p_to, p_agent_ids) AS troubles
    ),

    detected AS MATERIALIZED (
        SELECT
            (
                SELECT min(
                    greatest(0, date_part('epoch', incidents.occurred_at - known.began_at))
                )
                FROM incidents
                WHERE incidents.agent_id = known.agent_id
                    AND incidents.times && tstzrange(known.began_at, known.ended_at, '[]')
            ) AS seconds
        FROM known
    ),

    spans AS (
        SELECT
            events.agent_id,
            events.what AS status,
            date_part(
                'epoch',
                coalesce(lead(events.occurred_at) OVER by_time, p_to) - events.occurred_at
            ) AS seconds
        FROM events
        WHERE events.kind IN ('standing', 'transition')
        WINDOW by_time AS (PARTITION BY events.agent_id ORDER BY events.occurred_at)
    )

    SELECT
        (SELECT count(DISTINCT spans.agent_id) FROM spans),
        count(*) FILTER (WHERE events.kind = 'alert'),
        count(*) FILTER (WHERE events.kind = 'page'),
        (SELECT count(*) FROM detected),
        (SELECT count(*) FROM detected WHERE detected.seconds IS NOT NULL),
        (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY detected.seconds) FROM detected),
        (SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY detected.seconds) FROM detected),
        (
            SELECT count(*)
            FROM incidents
            WHERE incidents.agent_id IS NOT NULL
                AND incidents.occurred_at > p_from
                AND NOT EXISTS (
                    SELECT FROM known
                    WHERE known.agent_id = incidents.agent_id
                        AND tstzrange(known.began_at, known.ended_at, '[]') && incidents.times
                )
        ),
        count(*) FILTER (WHERE events.kind = 'restart'),
        count(*) FILTER (WHERE events.kind = 'transition'),
        (
            SELECT jsonb_object_agg(summed.status, summed.seconds)
            FROM (
                SELECT spans.status, sum(spans.seconds) AS seconds
                FROM spans
                WHERE spans.status IS NOT NULL
                GROUP BY spans.status
            ) AS summed
        ),
        (SELECT events.details FROM events WHERE events.kind = 'cost')
    FROM events;
$$;
COMMENT ON FUNCTION health_internal.backtest_figures(
    health_internal.backtest_event [], timestamptz, timestamptz, text []
) IS
'The figures of a backtest. Detected: a critical incident of the agent overlaps the known trouble; its '
'detection time counts from the trouble''s onset, 0 where it was open before. False: a critical incident '
'that overlaps no known trouble of its agent.';

COMMIT;
