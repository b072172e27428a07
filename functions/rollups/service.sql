-- Roll-ups of service: agent_hours from transitions, hour by hour, and agent_days from hours. Made late or
-- twice they are the same.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.roll_up_hours(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text [] DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
SET jit = off
AS $$
    -- Replaced, not added to: what is told anew may have become less, or nothing.
    UPDATE health.agent_hours AS hours
    SET
        excellent_seconds = 0, good_seconds = 0, fair_seconds = 0, poor_seconds = 0,
        critical_seconds = 0, late_seconds = 0, unresponsive_seconds = 0, up_seconds = 0,
        degraded_seconds = 0, down_seconds = 0, lost_seconds = 0, unknown_seconds = 0,
        maintenance_up_seconds = 0, maintenance_degraded_seconds = 0,
        maintenance_down_seconds = 0, maintenance_lost_seconds = 0,
        maintenance_counted_seconds = 0, score_seconds = 0, revenue_lost_usd = 0
    FROM health_internal.rollup_state AS state
    WHERE hours.hour_at >= p_from
        AND hours.hour_at < p_to
        -- Of hours that were never made there is nothing to take back.
        AND hours.hour_at < state.hours_until
        AND (p_agent_ids IS NULL OR hours.agent_id = ANY (p_agent_ids));

    INSERT INTO health.agent_hours AS hours (
        agent_id, hour_at, excellent_seconds, good_seconds, fair_seconds, poor_seconds,
        critical_seconds, late_seconds, unresponsive_seconds, up_seconds, degraded_seconds,
        down_seconds, lost_seconds, unknown_seconds, maintenance_up_seconds,
        maintenance_degraded_seconds, maintenance_down_seconds, maintenance_lost_seconds,
        maintenance_counted_seconds, score_seconds, revenue_lost_usd
    )
    SELECT
        pieces.agent_id,
        pieces.hour_at,
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'excellent'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'good'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'fair'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'poor'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.status = 'critical'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.liveness = 'late'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.liveness = 'unresponsive'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'up'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'degraded'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'down'), 0),
        sum(pieces.seconds * pieces.lost_share),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'unknown'), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'up' AND pieces.is_inside), 0),
        coalesce(sum(pieces.seconds) FILTER (
            WHERE pieces.kind = 'degraded' AND pieces.is_inside
        ), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.kind = 'down' AND pieces.is_inside), 0),
        coalesce(sum(pieces.seconds * pieces.lost_share) FILTER (WHERE pieces.is_inside), 0),
        coalesce(sum(pieces.seconds) FILTER (WHERE pieces.maintenance = 'counted_as_up'), 0),
        coalesce(sum(pieces.seconds * pieces.score) FILTER (WHERE pieces.kind <> 'unknown'), 0),
        coalesce(sum(
            pieces.seconds / 3600 * pieces.lost_share * pieces.usd_per_hour
        ) FILTER (WHERE NOT pieces.is_inside), 0)
    FROM (
        SELECT
            spans.agent_id,
            spans.status,
            spans.liveness,
            spans.kind,
            spans.lost_share,
            spans.maintenance,
            spans.score,
            spans.maintenance IS NOT NULL AS is_inside,
            cuts.hour_at,
            date_part(
                'epoch',
                least(spans.to_at, cuts.hour_at + interval '1 hour')
                - greatest(spans.from_at, cuts.hour_at)
            ) AS seconds,
            coalesce(
                CASE
                    WHEN spans.lost_share > 0 THEN (
                        SELECT terms.revenue_usd_per_hour
                        FROM health.business_terms AS terms
                        WHERE terms.agent_id = spans.agent_id
                        ORDER BY
                            terms.valid_from <= greatest(spans.from_at, cuts.hour_at) DESC,
                            CASE
                                WHEN terms.valid_from <= greatest(spans.from_at, cuts.hour_at)
                                    THEN terms.valid_from
                            END DESC,
                            terms.valid_from
                        LIMIT 1
                    )::double precision
                END,
                0
            ) AS usd_per_hour
        FROM health_internal.service_spans(p_from, p_to, p_agent_ids) AS spans
        CROSS JOIN LATERAL generate_series(
            date_trunc('hour', spans.from_at, 'UTC'), spans.to_at - interval '1 microsecond',
            interval '1 hour'
        ) AS cuts (hour_at)
        WHERE spans.kind <> 'off'
    ) AS pieces
    GROUP BY pieces.agent_id, pieces.hour_at
    ON CONFLICT (agent_id, hour_at) DO UPDATE SET
        excellent_seconds = excluded.excellent_seconds,
        good_seconds = excluded.good_seconds,
        fair_seconds = excluded.fair_seconds,
        poor_seconds = excluded.poor_seconds,
        critical_seconds = excluded.critical_seconds,
        late_seconds = excluded.late_seconds,
        unresponsive_seconds = excluded.unresponsive_seconds,
        up_seconds = excluded.up_seconds,
        degraded_seconds = excluded.degraded_seconds,
        down_seconds = excluded.down_seconds,
        lost_seconds = excluded.lost_seconds,
        unknown_seconds = excluded.unknown_seconds,
        maintenance_up_seconds = excluded.maintenance_up_seconds,
        maintenance_degraded_seconds = excluded.maintenance_degraded_seconds,
        maintenance_down_seconds = excluded.maintenance_down_seconds,
        maintenance_lost_seconds = excluded.maintenance_lost_seconds,
        maintenance_counted_seconds = excluded.maintenance_counted_seconds,
        score_seconds = excluded.score_seconds,
        revenue_lost_usd = excluded.revenue_lost_usd;
$$;
COMMENT ON FUNCTION health_internal.roll_up_hours(timestamptz, timestamptz, text []) IS
'Makes the service part of agent_hours anew for whole hours (of p_agent_ids; NULL: all); what heartbeats '
'told is kept.';

CREATE OR REPLACE FUNCTION health_internal.roll_up_days(
    p_from timestamptz,
    p_to timestamptz,
    p_agent_ids text [] DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
DECLARE
    v_columns constant text [] := ARRAY(
        SELECT columns.attname
        FROM pg_attribute AS columns
        WHERE columns.attrelid = 'health.agent_days'::regclass
            AND columns.attnum > 0
            AND NOT columns.attisdropped
            AND columns.attname NOT IN ('agent_id', 'day_at')
        ORDER BY columns.attnum
    );
BEGIN
    -- Every column but the key is the sum of its hours.
    EXECUTE format(
        $sql$
        INSERT INTO health.agent_days AS days (agent_id, day_at, %1$s)
        SELECT hours.agent_id, date_trunc('day', hours.hour_at, 'UTC'), %2$s
        FROM health.agent_hours AS hours
        WHERE hours.hour_at >= $1 AND hours.hour_at < $2
            AND ($3 IS NULL OR hours.agent_id = ANY ($3))
        GROUP BY hours.agent_id, date_trunc('day', hours.hour_at, 'UTC')
        ON CONFLICT (agent_id, day_at) DO UPDATE SET (%1$s) = ROW(%3$s)
        $sql$,
        array_to_string(v_columns, ', '),
        (SELECT string_agg(format('sum(hours.%I)', columns.name), ', ' ORDER BY columns.place)
            FROM unnest(v_columns) WITH ORDINALITY AS columns (name, place)),
        (SELECT string_agg(format('excluded.%I', columns.name), ', ' ORDER BY columns.place)
            FROM unnest(v_columns) WITH ORDINALITY AS columns (name, place))
    )
    USING p_from, p_to, p_agent_ids;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_days(timestamptz, timestamptz, text []) IS
'Makes agent_days anew from agent_hours, for whole days (UTC) whose hours are all kept.';

COMMIT;
