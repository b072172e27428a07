-- Time of service: from transitions to spans of up, degraded, down, off and unknown.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.check_period(
    p_from timestamptz,
    p_to timestamptz,
    p_now timestamptz
)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF p_from IS NULL OR p_to IS NULL OR p_from >= p_to
        OR p_from < '0001-01-01' OR p_to > '9999-12-31' THEN
        RAISE EXCEPTION 'a period must go from one time to a later one'
            USING ERRCODE = 'BI001',
                DETAIL = format('Asked for %s to %s.', coalesce(p_from::text, 'NULL'),
                    coalesce(p_to::text, 'NULL')),
                HINT = 'For example now() - interval ''7 days'', now().';
    END IF;
    IF p_from >= p_now THEN
        RAISE EXCEPTION 'the period has not begun'
            USING ERRCODE = 'BI001',
                DETAIL = format('It begins at %s, and it is %s.', p_from, p_now),
                HINT = 'Ask for a time that is past; what lies after now is left out.';
    END IF;
    RETURN least(p_to, p_now);
END;
$$;
COMMENT ON FUNCTION health_internal.check_period(timestamptz, timestamptz, timestamptz) IS
'End of a period: p_to, or p_now where that is sooner. Raises BI001 for a period that is reversed, '
'empty, endless or has not begun.';

CREATE OR REPLACE FUNCTION health_internal.is_business_agent(p_agent_id text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_agent_id <> 'heartbeat_health_agent' AND NOT starts_with(p_agent_id, 'bridge:');
COMMENT ON FUNCTION health_internal.is_business_agent(text) IS
'Whether an agent counts in business figures: all but the monitor''s own.';

CREATE OR REPLACE FUNCTION health_internal.service_transitions(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text []
)
RETURNS SETOF health.status_transitions
LANGUAGE sql
STABLE
AS $$
    SELECT changes.*
    FROM health.agents
    -- What held at the beginning: the last change before, and what "starting" came after.
    LEFT JOIN LATERAL (
        SELECT before.occurred_at
        FROM health.status_transitions AS before
        WHERE before.agent_id = agents.agent_id
            AND before.occurred_at <= p_from
            AND before.new_liveness IS DISTINCT FROM 'starting'
        ORDER BY before.occurred_at DESC, before.transition_id DESC
        LIMIT 1
    ) AS base ON true
    INNER JOIN health.status_transitions AS changes
        ON agents.agent_id = changes.agent_id
        AND changes.occurred_at >= coalesce(base.occurred_at, '-infinity')
        AND changes.occurred_at < p_to
    WHERE (p_agent_ids IS NULL OR agents.agent_id = ANY (p_agent_ids))
        AND health_internal.is_business_agent(agents.agent_id)
    UNION ALL
    -- A silence that was judged after the end may have begun before it.
    SELECT later.*
    FROM health.agents
    CROSS JOIN LATERAL (
        SELECT after.*
        FROM health.status_transitions AS after
        WHERE after.agent_id = agents.agent_id AND after.occurred_at >= p_to
        ORDER BY after.occurred_at, after.transition_id
        LIMIT 8
    ) AS later
    WHERE (p_agent_ids IS NULL OR agents.agent_id = ANY (p_agent_ids))
        AND health_internal.is_business_agent(agents.agent_id)
        AND later.last_heartbeat_at < p_to;
$$;
COMMENT ON FUNCTION health_internal.service_transitions(timestamptz, timestamptz, text []) IS
'The transitions that say how agents (NULL: all) were between two times: from the one that held at the '
'beginning to those that tell afterwards of a silence begun before the end.';

CREATE OR REPLACE FUNCTION health_internal.service_spans(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text [] DEFAULT NULL
)
RETURNS TABLE (
    agent_id text,
    from_at timestamptz,
    to_at timestamptz,
    kind text,
    lost_share double precision,
    maintenance text,
    status text,
    liveness text,
    score double precision
)
LANGUAGE sql
STABLE
AS $$
    WITH changes AS (
        SELECT
            transitions.*,
            -- An agent that does not answer has not since its last heartbeat.
            CASE
                WHEN transitions.new_liveness = 'unresponsive'
                    AND transitions.old_liveness IS DISTINCT FROM 'unresponsive'
                    THEN least(transitions.occurred_at, transitions.last_heartbeat_at)
                ELSE transitions.occurred_at
            END AS start_at,
            CASE
                WHEN transitions.new_liveness = 'starting' THEN NULL
                WHEN transitions.new_liveness = 'unresponsive'
                    OR transitions.issue_type = 'agent_unresponsive'
                    THEN 'down'
                WHEN transitions.new_liveness IN ('alive', 'late')
                    THEN CASE
                        WHEN transitions.new_status IN ('poor', 'critical') THEN 'degraded'
                        ELSE 'up'
                    END
                ELSE 'off'
            END AS own_kind
        FROM health_internal.service_transitions(p_from, p_to, p_agent_ids) AS transitions
    ),

    -- Who is starting is not yet back, or not yet away: it is what it was.
    grouped AS (
        SELECT
            changes.*,
            count(changes.own_kind) OVER (
                PARTITION BY changes.agent_id ORDER BY changes.occurred_at, changes.transition_id
            ) AS kind_group,
            -- A change that reaches back takes the place of those in between.
            min(changes.start_at) OVER (
                PARTITION BY changes.agent_id
                ORDER BY changes.occurred_at DESC, changes.transition_id DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS end_at
        FROM changes
    ),

    judged AS (
        SELECT
            grouped.*,
            coalesce(
                max(grouped.own_kind) OVER (PARTITION BY grouped.agent_id, grouped.kind_group),
                'off'
            ) AS kind
        FROM grouped
    ),

    -- What a person called a false positive was no loss of service.
    cleared AS (
        SELECT
            incidents.agent_id,
            range_agg(tstzrange(incidents.onset_at, coalesce(incidents.resolved_at, p_to))) AS times
        FROM health.incidents
        WHERE incidents.false_positive_at IS NOT NULL
            AND incidents.onset_at < p_to
            AND coalesce(incidents.resolved_at, p_to) > p_from
            AND incidents.onset_at <= coalesce(incidents.resolved_at, p_to)
        GROUP BY incidents.agent_id
    ),

    spans AS (
        SELECT
            judged.agent_id,
            CASE
                WHEN cut.is_cleared AND judged.kind IN ('degraded', 'down') THEN 'up'
                ELSE judged.kind
            END AS kind,
            judged.new_status AS status,
            judged.new_liveness AS liveness,
            judged.new_score AS score,
            cut.times
        FROM judged
        LEFT JOIN cleared ON judged.agent_id = cleared.agent_id
        CROSS JOIN LATERAL (
            SELECT tstzmultirange(
                tstzrange(greatest(judged.start_at, p_from), least(judged.end_at, p_to))
            ) AS times
        ) AS whole
        CROSS JOIN LATERAL (
            VALUES
            (false, whole.times - coalesce(cleared.times, '{}')),
            (true, whole.times * cleared.times)
        ) AS cut (is_cleared, times)
        WHERE greatest(judged.start_at, p_from) < least(judged.end_at, p_to)
    ),

    blind AS (
        SELECT coalesce(range_agg(tstzrange(gaps.started_at, gaps.ended_at)), '{}') AS times
        FROM health.monitor_gaps AS gaps
        WHERE gaps.ended_at > p_from AND gaps.started_at < p_to
    ),

    maintained AS (
        SELECT
            periods.agent_id,
            range_agg(periods.times) FILTER (WHERE periods.uptime_method = 'excluded')
                AS excluded,
            range_agg(periods.times) FILTER (WHERE periods.uptime_method = 'counted_as_up')
                AS counted_as_up
        FROM (
            SELECT
                known.agent_id,
                windows.uptime_method,
                tstzrange(known.started_at, coalesce(known.ended_at, known.until_at)) AS times
            FROM health.maintenance_periods AS known
            INNER JOIN health.maintenance_windows AS windows
                ON known.window_id = windows.window_id
            WHERE known.started_at < p_to
                AND coalesce(known.ended_at, known.until_at) > p_from
        ) AS periods
        GROUP BY periods.agent_id
    )

    SELECT
        spans.agent_id,
        lower(pieces.times),
        upper(pieces.times),
        parts.kind,
        CASE parts.kind
            WHEN 'down' THEN 1
            WHEN 'degraded' THEN least(1, greatest(0, (100 - spans.score) / 100))
            ELSE 0
        END,
        parts.maintenance,
        spans.status,
        spans.liveness,
        spans.score
    FROM spans
    CROSS JOIN blind
    LEFT JOIN maintained ON spans.agent_id = maintained.agent_id
    CROSS JOIN LATERAL (
        SELECT
            spans.times AS whole,
            CASE WHEN spans.kind = 'off' THEN '{}'::tstzmultirange ELSE blind.times END AS blind,
            coalesce(maintained.excluded, '{}') AS excluded,
            coalesce(maintained.counted_as_up, '{}') AS counted
    ) AS sets
    CROSS JOIN LATERAL (
        VALUES
        ('unknown', NULL, sets.whole * sets.blind),
        (spans.kind, 'excluded', (sets.whole - sets.blind) * sets.excluded),
        (spans.kind, 'counted_as_up', (sets.whole - sets.blind - sets.excluded) * sets.counted),
        (spans.kind, NULL, sets.whole - sets.blind - sets.excluded - sets.counted)
    ) AS parts (kind, maintenance, times)
    CROSS JOIN LATERAL unnest(parts.times) AS pieces (times);
$$;
COMMENT ON FUNCTION health_internal.service_spans(timestamptz, timestamptz, text []) IS
'How agents were between two times, piece by piece without overlap: up, degraded (status poor or '
'critical), down (unresponsive since the last heartbeat, or failed), off (never seen, stopped) or '
'unknown (monitor_gaps); an incident marked as a false positive was up. While it is starting an agent is what it was before. lost_share: 1 of down, of '
'degraded what the score lacked of 100 when it was last noted. maintenance: excluded or counted_as_up '
'in a window that says so; NULL outside, and in one that is measured.';

COMMIT;
