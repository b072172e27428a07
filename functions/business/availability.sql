-- Time of service: from transitions to spans of up, degraded, down, off and unknown, and from those to
-- availability by named methods.
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

CREATE OR REPLACE FUNCTION health_internal.service_seconds_measured(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text []
)
RETURNS TABLE (
    agent_id text,
    up_seconds double precision,
    degraded_seconds double precision,
    down_seconds double precision,
    lost_seconds double precision,
    unknown_seconds double precision,
    maintenance_up_seconds double precision,
    maintenance_degraded_seconds double precision,
    maintenance_down_seconds double precision,
    maintenance_lost_seconds double precision,
    maintenance_counted_seconds double precision,
    score_seconds double precision
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        spans.agent_id,
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'up'), 0),
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'degraded'), 0),
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'down'), 0),
        sum(spans.seconds * spans.lost_share),
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'unknown'), 0),
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'up' AND spans.is_inside), 0),
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'degraded' AND spans.is_inside), 0),
        coalesce(sum(spans.seconds) FILTER (WHERE spans.kind = 'down' AND spans.is_inside), 0),
        coalesce(sum(spans.seconds * spans.lost_share) FILTER (WHERE spans.is_inside), 0),
        coalesce(sum(spans.seconds) FILTER (
            WHERE spans.kind <> 'off' AND spans.maintenance = 'counted_as_up'
        ), 0),
        coalesce(sum(spans.seconds * spans.score) FILTER (
            WHERE spans.kind IN ('up', 'degraded', 'down')
        ), 0)
    FROM (
        SELECT
            pieces.*,
            date_part('epoch', pieces.to_at - pieces.from_at) AS seconds,
            pieces.maintenance IS NOT NULL AS is_inside
        FROM health_internal.service_spans(p_from, p_to, p_agent_ids) AS pieces
    ) AS spans
    GROUP BY spans.agent_id;
$$;
COMMENT ON FUNCTION health_internal.service_seconds_measured(
    timestamptz, timestamptz, text []
) IS
'service_spans summed by agent, as in agent_hours.';

CREATE OR REPLACE FUNCTION health_internal.service_seconds(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text [] DEFAULT NULL
)
RETURNS TABLE (
    agent_id text,
    up_seconds double precision,
    degraded_seconds double precision,
    down_seconds double precision,
    lost_seconds double precision,
    unknown_seconds double precision,
    maintenance_up_seconds double precision,
    maintenance_degraded_seconds double precision,
    maintenance_down_seconds double precision,
    maintenance_lost_seconds double precision,
    maintenance_counted_seconds double precision,
    score_seconds double precision
)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_first timestamptz := date_trunc('day', p_from, 'UTC');
    v_last timestamptz;
BEGIN
    -- Whole days that are rolled up are read there; the ragged ends from the transitions.
    IF v_first < p_from THEN
        v_first := v_first + interval '1 day';
    END IF;
    SELECT least(date_trunc('day', p_to, 'UTC'), state.days_until)
    INTO v_last
    FROM health_internal.rollup_state AS state
    CROSS JOIN health.business_settings AS settings
    WHERE v_first >= greatest(state.rolled_from, state.days_until - settings.day_retention)
        AND state.days_until IS NOT NULL;
    IF v_last IS NULL OR v_last <= v_first THEN
        RETURN QUERY
        SELECT measured.*
        FROM health_internal.service_seconds_measured(p_from, p_to, p_agent_ids) AS measured;
        RETURN;
    END IF;
    RETURN QUERY
    SELECT
        parts.agent_id,
        sum(parts.up_seconds),
        sum(parts.degraded_seconds),
        sum(parts.down_seconds),
        sum(parts.lost_seconds),
        sum(parts.unknown_seconds),
        sum(parts.maintenance_up_seconds),
        sum(parts.maintenance_degraded_seconds),
        sum(parts.maintenance_down_seconds),
        sum(parts.maintenance_lost_seconds),
        sum(parts.maintenance_counted_seconds),
        sum(parts.score_seconds)
    FROM (
        SELECT before.*
        FROM health_internal.service_seconds_measured(p_from, v_first, p_agent_ids) AS before
        UNION ALL
        SELECT
            days.agent_id,
            days.up_seconds,
            days.degraded_seconds,
            days.down_seconds,
            days.lost_seconds,
            days.unknown_seconds,
            days.maintenance_up_seconds,
            days.maintenance_degraded_seconds,
            days.maintenance_down_seconds,
            days.maintenance_lost_seconds,
            days.maintenance_counted_seconds,
            days.score_seconds
        FROM health.agent_days AS days
        INNER JOIN health.agents ON days.agent_id = agents.agent_id
        WHERE days.day_at >= v_first
            AND days.day_at < v_last
            AND (p_agent_ids IS NULL OR days.agent_id = ANY (p_agent_ids))
        UNION ALL
        SELECT after.*
        FROM health_internal.service_seconds_measured(v_last, p_to, p_agent_ids) AS after
    ) AS parts
    GROUP BY parts.agent_id;
END;
$$;
COMMENT ON FUNCTION health_internal.service_seconds(timestamptz, timestamptz, text []) IS
'service_seconds_measured, of whole days by way of agent_days: the same numbers, years at the price of '
'days.';

CREATE OR REPLACE FUNCTION health.availability_between(
    p_from timestamptz,
    p_to timestamptz,
    p_method text DEFAULT 'declared',
    p_degraded text DEFAULT 'as_up',
    p_agent_id text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    agent_id text,
    availability_percent double precision,
    up_seconds double precision,
    degraded_seconds double precision,
    down_seconds double precision,
    lost_seconds double precision,
    maintenance_seconds double precision,
    unknown_seconds double precision,
    off_seconds double precision,
    not_measured text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_to constant timestamptz := health_internal.check_period(p_from, p_to, p_now);
BEGIN
    IF p_agent_id IS NOT NULL THEN
        PERFORM health_internal.check_visible(p_agent_id);
    END IF;
    IF p_method IS NULL OR p_method NOT IN (
        'declared', 'with_maintenance', 'without_maintenance', 'maintenance_as_up'
    ) OR p_degraded IS NULL OR p_degraded NOT IN ('as_up', 'as_lost_share', 'as_down') THEN
        RAISE EXCEPTION 'availability has no method "%", "%"',
            coalesce(p_method, 'NULL'), coalesce(p_degraded, 'NULL')
            USING ERRCODE = 'BI002',
                DETAIL = 'Maintenance: declared (as each window says), with_maintenance (like any '
                    'time), without_maintenance (left out), maintenance_as_up. Degraded: as_up, '
                    'as_lost_share (what the score lacks of 100), as_down.',
                HINT = 'For example availability_between(p_from, p_to, ''declared'', ''as_up'').';
    END IF;
    IF NOT EXISTS (
        SELECT FROM health.agents WHERE p_agent_id IS NULL OR agents.agent_id = p_agent_id
    ) THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    RETURN QUERY
    WITH known AS (
        SELECT
            agents.agent_id::text AS agent_id,
            coalesce(seconds.up_seconds, 0) AS up,
            coalesce(seconds.degraded_seconds, 0) AS degraded,
            coalesce(seconds.down_seconds, 0) AS down,
            coalesce(seconds.lost_seconds, 0) AS lost,
            coalesce(seconds.unknown_seconds, 0) AS unknown,
            coalesce(seconds.maintenance_up_seconds, 0) AS inside_up,
            coalesce(seconds.maintenance_degraded_seconds, 0) AS inside_degraded,
            coalesce(seconds.maintenance_down_seconds, 0) AS inside_down,
            coalesce(seconds.maintenance_lost_seconds, 0) AS inside_lost,
            coalesce(seconds.maintenance_counted_seconds, 0) AS inside_counted
        FROM health.agents
        LEFT JOIN health_internal.service_seconds(
            p_from, v_to, CASE WHEN p_agent_id IS NOT NULL THEN ARRAY[p_agent_id] END
        ) AS seconds ON agents.agent_id = seconds.agent_id
        WHERE (p_agent_id IS NULL OR agents.agent_id = p_agent_id)
            AND (
                (SELECT health_internal.own_tenants()) IS NULL
                OR agents.agent_id IN (SELECT health_internal.own_agent_ids())
            )
            AND health_internal.is_business_agent(agents.agent_id)
    ),

    rows AS (
        SELECT
            known.agent_id,
            known.up - known.inside_up * cut.share + CASE p_method
                WHEN 'declared' THEN known.inside_counted
                WHEN 'maintenance_as_up'
                    THEN known.inside_up + known.inside_degraded + known.inside_down
                ELSE 0
            END AS up,
            known.degraded - known.inside_degraded * cut.share AS degraded,
            known.down - known.inside_down * cut.share AS down,
            known.lost - known.inside_lost * cut.share AS lost,
            known.inside_up + known.inside_degraded + known.inside_down AS inside,
            known.unknown,
            greatest(
                0,
                date_part('epoch', v_to - p_from)
                - known.up - known.degraded - known.down - known.unknown
            ) AS off
        FROM known
        CROSS JOIN (
            SELECT CASE WHEN p_method = 'with_maintenance' THEN 0 ELSE 1 END AS share
        ) AS cut
    ),

    summed AS (
        SELECT rows.* FROM rows
        UNION ALL
        SELECT
            NULL, sum(rows.up), sum(rows.degraded), sum(rows.down), sum(rows.lost),
            sum(rows.inside), sum(rows.unknown), sum(rows.off)
        FROM rows
        WHERE p_agent_id IS NULL
        HAVING p_agent_id IS NULL
    )

    SELECT
        summed.agent_id,
        100 * (1 - CASE p_degraded
            WHEN 'as_up' THEN summed.down
            WHEN 'as_lost_share' THEN summed.lost
            ELSE summed.degraded + summed.down
        END / nullif(summed.up + summed.degraded + summed.down, 0)),
        summed.up,
        summed.degraded,
        summed.down,
        summed.lost,
        summed.inside,
        summed.unknown,
        summed.off,
        CASE
            WHEN summed.up + summed.degraded + summed.down > 0 THEN NULL
            WHEN summed.up IS NULL THEN 'there are no agents'
            WHEN summed.inside > 0 THEN 'it was in maintenance all the time'
            WHEN summed.unknown > 0 THEN 'the monitor was blind all the time'
            ELSE 'it was not at work'
        END
    FROM summed
    ORDER BY summed.agent_id NULLS FIRST;
END;
$$;
COMMENT ON FUNCTION health.availability_between(
    timestamptz, timestamptz, text, text, text, timestamptz
) IS
'Availability of a period by a named method, one row per agent and one of the fleet (agent_id NULL, '
'weighted by time at work); the monitor''s own agents left out. p_method says how maintenance counts: '
'declared (as each window says), with_maintenance (like any other time), without_maintenance (left '
'out), maintenance_as_up; windows announced as measured count like any other time always. p_degraded: '
'as_up, as_lost_share (what the score lacks of 100), as_down. Time the monitor was blind (unknown) and '
'time not at work (off) are told and in no percentage. Raises BI001 for the period, BI002 for the '
'method, AG001 for the agent.';

GRANT EXECUTE ON FUNCTION health.availability_between(
    timestamptz, timestamptz, text, text, text, timestamptz
) TO health_analyst, health_bridge;

COMMIT;
