-- Availability: the seconds of every span, measured and rolled up, by named methods.
BEGIN;

SET LOCAL ROLE health_owner;

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
SET jit = off
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
