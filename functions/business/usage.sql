-- The rows of what agents told of themselves: satisfaction, utilisation, unused memory, room for growth.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.usage_sums(p_from timestamptz, p_to timestamptz)
RETURNS TABLE (
    agent_id text,
    utilisation_count double precision,
    utilisation_sum_percent double precision,
    memory_used_sum_mb double precision,
    memory_limit_sum_mb double precision,
    satisfaction_count double precision,
    satisfaction_sum double precision,
    note text
)
LANGUAGE sql
STABLE
AS $$
    WITH rolled AS (
        SELECT
            parts.agent_id,
            sum(parts.utilisation_count)::double precision AS utilisation_count,
            sum(parts.utilisation_sum_percent) AS utilisation_sum_percent,
            sum(parts.memory_used_sum_mb) AS memory_used_sum_mb,
            sum(parts.memory_limit_sum_mb) AS memory_limit_sum_mb,
            sum(parts.satisfaction_count)::double precision AS satisfaction_count,
            sum(parts.satisfaction_sum) AS satisfaction_sum
        FROM (
            SELECT
                hours.agent_id, hours.beat_count, hours.utilisation_count,
                hours.utilisation_sum_percent, hours.memory_used_sum_mb,
                hours.memory_limit_sum_mb, hours.satisfaction_count, hours.satisfaction_sum
            FROM health.agent_hours AS hours
            CROSS JOIN health.business_settings AS settings
            WHERE p_to - p_from <= settings.hour_retention / 2
                AND hours.hour_at >= date_trunc('hour', p_from)
                AND hours.hour_at < p_to
            UNION ALL
            SELECT
                days.agent_id, days.beat_count, days.utilisation_count,
                days.utilisation_sum_percent, days.memory_used_sum_mb,
                days.memory_limit_sum_mb, days.satisfaction_count, days.satisfaction_sum
            FROM health.agent_days AS days
            CROSS JOIN health.business_settings AS settings
            WHERE p_to - p_from > settings.hour_retention / 2
                AND days.day_at >= date_trunc('day', p_from, 'UTC')
                AND days.day_at < p_to
        ) AS parts
        WHERE parts.beat_count > 0 AND health_internal.is_business_agent(parts.agent_id)
        GROUP BY parts.agent_id
    )

    SELECT rolled.*, NULL::text
    FROM rolled
    UNION ALL
    -- Who is in no roll-up yet is taken at its word.
    SELECT
        status.agent_id,
        (told.utilisation IS NOT NULL)::integer,
        told.utilisation,
        CASE WHEN status.memory_limit_mb > 0 THEN status.memory_usage_mb END,
        CASE WHEN status.memory_usage_mb IS NOT NULL THEN nullif(status.memory_limit_mb, 0) END,
        (status.user_satisfaction IS NOT NULL)::integer,
        status.user_satisfaction,
        'as last told: not rolled up yet'
    FROM health.agent_status AS status
    CROSS JOIN LATERAL (
        SELECT greatest(
            status.cpu_mean_percent,
            100 * status.memory_usage_mb / nullif(status.memory_limit_mb, 0)
        ) AS utilisation
    ) AS told
    WHERE status.last_heartbeat_at >= p_from
        AND status.last_heartbeat_at < p_to
        AND health_internal.is_business_agent(status.agent_id)
        AND NOT EXISTS (SELECT FROM rolled WHERE rolled.agent_id = status.agent_id);
$$;
COMMENT ON FUNCTION health_internal.usage_sums(timestamptz, timestamptz) IS
'What agents told in their heartbeats of a period, summed from the roll-ups (hours that begin in it; days '
'where it is longer than half of hour_retention); of agents in none yet what they told last.';

CREATE OR REPLACE FUNCTION health_internal.usage_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    WITH sums AS MATERIALIZED (
        SELECT usage.* FROM health_internal.usage_sums(p_from, p_to) AS usage
    ),

    fleet AS (
        SELECT
            avg((sums.utilisation_sum_percent / nullif(sums.utilisation_count, 0))::numeric)
                AS utilisation,
            100 * (1 - sum(sums.memory_used_sum_mb) / nullif(sum(sums.memory_limit_sum_mb), 0))
                AS waste
        FROM sums
    ),

    before AS (
        SELECT
            100 * (1 - sum(usage.memory_used_sum_mb) / nullif(sum(usage.memory_limit_sum_mb), 0))
                AS waste
        FROM health_internal.usage_sums(p_from - (p_to - p_from), p_from) AS usage
        WHERE usage.note IS NULL
    )

    SELECT
        figures.figure, sums.agent_id, NULL::bigint, NULL::bigint, p_from, p_to,
        figures.amount::numeric, figures.weight, NULL::numeric, NULL::numeric, sums.note
    FROM sums
    CROSS JOIN LATERAL (
        VALUES
        (
            'user_satisfaction', sums.satisfaction_sum / nullif(sums.satisfaction_count, 0),
            sums.satisfaction_count
        ),
        (
            'capacity_utilization',
            sums.utilisation_sum_percent / nullif(sums.utilisation_count, 0), 1
        ),
        (
            'resource_waste',
            100 * (1 - sums.memory_used_sum_mb / nullif(sums.memory_limit_sum_mb, 0)),
            sums.memory_limit_sum_mb
        )
    ) AS figures (figure, amount, weight)
    WHERE figures.amount IS NOT NULL
    UNION ALL
    SELECT
        parts.figure, NULL, NULL, NULL, p_from, p_to, parts.amount, 1, NULL, NULL, parts.note
    FROM fleet
    CROSS JOIN before
    CROSS JOIN health.business_settings AS settings
    CROSS JOIN LATERAL (
        VALUES
        (
            'growth_readiness',
            100 * settings.capacity_limit_percent::numeric / nullif(fleet.utilisation, 0),
            format(
                'load at %s %% of capacity, against %s %% now',
                settings.capacity_limit_percent, round(fleet.utilisation, 1)
            )
        ),
        (
            'growth_readiness', CASE WHEN fleet.utilisation > 0 THEN - 100 END, 'load as it is'
        ),
        (
            'resource_waste_reduction', CASE WHEN before.waste > 0 AND fleet.waste >= 0 THEN 100 END,
            'waste in the period before: ' || round(before.waste::numeric, 1) || ' %'
        ),
        (
            'resource_waste_reduction', (- 100 * fleet.waste / nullif(before.waste, 0))::numeric,
            'waste in this period: ' || round(fleet.waste::numeric, 1) || ' %'
        )
    ) AS parts (figure, amount, note)
    WHERE parts.amount IS NOT NULL
    UNION ALL
    SELECT
        'monitor_headroom', NULL, NULL, NULL, engine.last_tick_at, engine.last_tick_at,
        parts.amount::numeric, 1, NULL, NULL, parts.note
    FROM health_internal.engine
    CROSS JOIN health.settings
    CROSS JOIN LATERAL (
        VALUES
        (100::double precision, 'its period'),
        (
            - (engine.last_tick_ms + coalesce(engine.last_act_ms, 0))
            / (10 * date_part('epoch', settings.tick_period)),
            'taken by its last tick'
        )
    ) AS parts (amount, note)
    WHERE engine.last_tick_ms IS NOT NULL;
$$;
COMMENT ON FUNCTION health_internal.usage_rows(timestamptz, timestamptz) IS
'Rows of what agents told: satisfaction, utilisation, unused memory, room for growth; and the monitor''s '
'own headroom at its last tick.';

COMMIT;
