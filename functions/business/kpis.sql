-- Figures: each is made of rows, by what business_figures says, so that what is read in a report and what
-- is read row by row cannot differ. Entry points: kpis_between, business_impact_detail.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.service_rows(
    p_from timestamptz,
    p_to timestamptz,
    p_now timestamptz
)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    WITH rows AS MATERIALIZED (
        SELECT availability.*
        FROM health.availability_between(
            p_from, p_to, 'declared', 'as_up', NULL, p_now
        ) AS availability
    )

    SELECT
        figures.figure, rows.agent_id, NULL::bigint, NULL::bigint, p_from, p_to,
        figures.percent::numeric, rows.up_seconds + rows.degraded_seconds + rows.down_seconds,
        NULL::numeric, NULL::numeric, rows.not_measured
    FROM rows
    CROSS JOIN LATERAL (
        VALUES
        ('availability', rows.availability_percent),
        (
            'availability_lost_share',
            100 * (1 - rows.lost_seconds / nullif(
                rows.up_seconds + rows.degraded_seconds + rows.down_seconds, 0
            ))
        )
    ) AS figures (figure, percent)
    WHERE rows.agent_id IS NOT NULL AND figures.percent IS NOT NULL
    UNION ALL
    SELECT
        'availability_against_comparison', NULL, NULL, NULL, p_from, p_to, parts.amount, 1, NULL,
        NULL, parts.note
    FROM rows
    CROSS JOIN health.business_settings AS settings
    CROSS JOIN LATERAL (
        VALUES
        (rows.availability_percent::numeric, 'availability'),
        (- settings.comparison_availability_percent::numeric, 'comparison')
    ) AS parts (amount, note)
    WHERE rows.agent_id IS NULL
        AND rows.availability_percent IS NOT NULL
        AND settings.comparison_availability_percent IS NOT NULL
    UNION ALL
    SELECT
        'system_health', seconds.agent_id, NULL, NULL, p_from, p_to,
        (seconds.score_seconds / (
            seconds.up_seconds + seconds.degraded_seconds + seconds.down_seconds
        ))::numeric,
        seconds.up_seconds + seconds.degraded_seconds + seconds.down_seconds, NULL, NULL, NULL
    FROM health_internal.service_seconds(p_from, p_to) AS seconds
    WHERE seconds.up_seconds + seconds.degraded_seconds + seconds.down_seconds > 0;
$$;
COMMENT ON FUNCTION health_internal.service_rows(timestamptz, timestamptz, timestamptz) IS
'Rows of availability and of the mean score: one per agent at work, weighted by its time.';

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

CREATE OR REPLACE FUNCTION health_internal.trend_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    WITH buckets AS MATERIALIZED (
        SELECT
            series.at AS from_at,
            series.at + width.step AS to_at
        FROM (
            SELECT CASE
                WHEN p_to - p_from >= interval '7 days' THEN interval '1 day'
                ELSE interval '1 hour'
            END AS step
        ) AS width
        CROSS JOIN LATERAL generate_series(
            date_trunc(
                CASE WHEN width.step = interval '1 day' THEN 'day' ELSE 'hour' END, p_from, 'UTC'
            ),
            p_to,
            width.step
        ) AS series (at)
        -- Whole ones only.
        WHERE series.at >= p_from AND series.at + width.step <= p_to
    ),

    rolled AS (
        SELECT
            hours.hour_at AS at,
            hours.agent_id,
            hours.lost_seconds - hours.maintenance_lost_seconds AS lost_seconds,
            hours.up_seconds + hours.degraded_seconds + hours.down_seconds
            - hours.maintenance_up_seconds - hours.maintenance_degraded_seconds
            - hours.maintenance_down_seconds + hours.maintenance_counted_seconds AS known_seconds
        FROM health.agent_hours AS hours
        INNER JOIN health_internal.rollup_state AS state ON hours.hour_at < state.hours_until
        WHERE p_to - p_from < interval '7 days' AND hours.hour_at >= p_from AND hours.hour_at < p_to
        UNION ALL
        SELECT
            days.day_at,
            days.agent_id,
            days.lost_seconds - days.maintenance_lost_seconds,
            days.up_seconds + days.degraded_seconds + days.down_seconds
            - days.maintenance_up_seconds - days.maintenance_degraded_seconds
            - days.maintenance_down_seconds + days.maintenance_counted_seconds
        FROM health.agent_days AS days
        INNER JOIN health_internal.rollup_state AS state ON days.day_at < state.days_until
        WHERE p_to - p_from >= interval '7 days' AND days.day_at >= p_from AND days.day_at < p_to
    )

    SELECT
        'availability_trend', NULL::text, NULL::bigint, NULL::bigint, buckets.from_at,
        buckets.to_at,
        (100 * (1 - sum(rolled.lost_seconds) / sum(rolled.known_seconds)))::numeric,
        1::double precision, NULL::numeric, NULL::numeric, NULL::text
    FROM buckets
    INNER JOIN rolled ON buckets.from_at = rolled.at
    WHERE health_internal.is_business_agent(rolled.agent_id)
    GROUP BY buckets.from_at, buckets.to_at
    HAVING sum(rolled.known_seconds) > 0
    UNION ALL
    SELECT
        'incident_trend', NULL, NULL, NULL, buckets.from_at, buckets.to_at,
        (
            SELECT count(*)
            FROM health.incidents
            WHERE incidents.detected_at >= buckets.from_at
                AND incidents.detected_at < buckets.to_at
                AND incidents.agent_id IS NOT NULL
                AND incidents.false_positive_at IS NULL
                AND health_internal.is_business_agent(incidents.agent_id)
        ),
        1, NULL, NULL, NULL
    FROM buckets;
$$;
COMMENT ON FUNCTION health_internal.trend_rows(timestamptz, timestamptz) IS
'Rows of the trends: one per whole day of the period, per hour where it is shorter than a week.';

CREATE OR REPLACE FUNCTION health_internal.business_rows(
    p_from timestamptz,
    p_to timestamptz,
    p_now timestamptz
)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    SELECT rows.* FROM health_internal.service_rows(p_from, p_to, p_now) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.incident_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.recovery_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.risk_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.lost_revenue_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.saved_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.return_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.usage_rows(p_from, p_to) AS rows
    UNION ALL
    SELECT rows.* FROM health_internal.trend_rows(p_from, p_to) AS rows;
$$;
COMMENT ON FUNCTION health_internal.business_rows(timestamptz, timestamptz, timestamptz) IS
'The rows of every figure.';

CREATE OR REPLACE FUNCTION health.kpis_between(
    p_from timestamptz,
    p_to timestamptz,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    figure text,
    title text,
    value numeric,
    unit text,
    low numeric,
    high numeric,
    row_count bigint,
    objective double precision,
    is_met boolean,
    not_measured text,
    meaning text
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
    PERFORM health_internal.check_unconfined();
    RETURN QUERY
    WITH sums AS (
        SELECT
            figures.figure,
            figures.made_by,
            count(rows.amount) AS amount_count,
            count(*) FILTER (WHERE rows.weight > 0 AND rows.amount IS NOT NULL) AS row_count,
            count(*) FILTER (WHERE rows.figure IS NOT NULL AND rows.amount IS NULL)
                AS missing_count,
            max(rows.note) FILTER (WHERE rows.amount IS NULL) AS missing_note,
            sum(rows.amount) AS sum_amount,
            sum(coalesce(rows.low, rows.amount)) AS sum_low,
            sum(coalesce(rows.high, rows.amount)) AS sum_high,
            count(rows.low) AS interval_count,
            sum(rows.amount * rows.weight::numeric)
            / nullif(sum(rows.weight::numeric) FILTER (WHERE rows.amount IS NOT NULL), 0) AS mean,
            stddev_samp(rows.amount) AS deviation,
            bool_and(rows.weight = 1) AS is_unweighted,
            regr_slope(rows.amount, days.at) AS slope,
            regr_sxx(rows.amount, days.at) AS sxx,
            regr_syy(rows.amount, days.at) AS syy,
            regr_sxy(rows.amount, days.at) AS sxy
        FROM health.business_figures AS figures
        LEFT JOIN health_internal.business_rows(p_from, v_to, p_now) AS rows
            ON figures.figure = rows.figure
        LEFT JOIN LATERAL (
            SELECT date_part('epoch', rows.from_at - p_from) / 86400 AS at
            WHERE figures.made_by = 'slope'
        ) AS days ON true
        GROUP BY figures.figure, figures.made_by
    ),

    reckoned AS (
        SELECT
            sums.*,
            CASE sums.made_by
                WHEN 'sum' THEN CASE WHEN sums.amount_count > 0 THEN sums.sum_amount END
                WHEN 'slope' THEN CASE WHEN sums.row_count >= 5 THEN sums.slope::numeric END
                ELSE sums.mean
            END AS value,
            -- Half of a 95 % interval: of a mean, and of a slope from what the line leaves.
            CASE
                WHEN sums.made_by = 'mean' AND sums.is_unweighted AND sums.row_count > 1
                    THEN 1.96 * sums.deviation / sqrt(sums.row_count::numeric)
                WHEN sums.made_by = 'slope' AND sums.row_count >= 5
                    THEN 1.96 * sqrt(
                        greatest(0, sums.syy - sums.sxy * sums.sxy / sums.sxx)
                        / (sums.row_count - 2) / sums.sxx
                    )::numeric
            END AS half,
            -- Wilson's interval of a share.
            CASE
                WHEN sums.made_by = 'percent' AND sums.row_count > 0
                    THEN (sums.mean / 100 + 1.9208 / sums.row_count)
                        / (1 + 3.8416 / sums.row_count)
            END AS wilson_middle,
            CASE
                WHEN sums.made_by = 'percent' AND sums.row_count > 0
                    THEN 1.96 * sqrt(
                        sums.mean / 100 * (1 - sums.mean / 100) / sums.row_count
                        + 0.9604 / (sums.row_count * sums.row_count)::numeric
                    ) / (1 + 3.8416 / sums.row_count)
            END AS wilson_half
        FROM sums
    )

    SELECT
        figures.figure,
        figures.title,
        reckoned.value,
        figures.unit,
        CASE
            WHEN reckoned.wilson_half IS NOT NULL
                THEN 100 * greatest(0, reckoned.wilson_middle - reckoned.wilson_half)
            WHEN reckoned.made_by = 'sum' AND reckoned.interval_count > 0 THEN reckoned.sum_low
            WHEN reckoned.made_by = 'mean' AND reckoned.half IS NOT NULL
                THEN greatest(0, reckoned.value - reckoned.half)
            ELSE reckoned.value - reckoned.half
        END,
        CASE
            WHEN reckoned.wilson_half IS NOT NULL
                THEN 100 * least(1, reckoned.wilson_middle + reckoned.wilson_half)
            WHEN reckoned.made_by = 'sum' AND reckoned.interval_count > 0 THEN reckoned.sum_high
            ELSE reckoned.value + reckoned.half
        END,
        reckoned.row_count,
        figures.objective,
        CASE
            WHEN figures.is_more_better THEN reckoned.value >= figures.objective::numeric
            ELSE reckoned.value <= figures.objective::numeric
        END,
        CASE
            WHEN reckoned.value IS NULL
                THEN coalesce(reckoned.missing_note, figures.missing)
            WHEN reckoned.missing_count > 0
                THEN format(
                    '%s of %s rows: %s', reckoned.missing_count,
                    reckoned.missing_count + reckoned.row_count, reckoned.missing_note
                )
        END,
        figures.meaning
    FROM reckoned
    INNER JOIN health.business_figures AS figures ON reckoned.figure = figures.figure
    ORDER BY figures.place;
END;
$$;
COMMENT ON FUNCTION health.kpis_between(timestamptz, timestamptz, timestamptz) IS
'Every figure of a period, one row each: its value, a 95 % interval (of money the interval of what it '
'rests on) where there is one, how many rows made it, whether its objective is met. value NULL: not '
'measured, and not_measured says why; beside a value it says what part is missing. All from rows of '
'business_impact_detail. Incidents count by their detection, recoveries by their end. Raises BI001.';

CREATE OR REPLACE FUNCTION health.business_impact_detail(
    p_from timestamptz,
    p_to timestamptz,
    p_figure text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    agent_id text,
    incident_id bigint,
    action_id bigint,
    from_at timestamptz,
    to_at timestamptz,
    amount numeric,
    weight double precision,
    low numeric,
    high numeric,
    note text
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
    IF NOT EXISTS (
        SELECT FROM health.business_figures AS figures WHERE figures.figure = p_figure
    ) THEN
        RAISE EXCEPTION 'there is no figure "%"', coalesce(p_figure, 'NULL')
            USING ERRCODE = 'BI003',
                HINT = 'SELECT figure, meaning FROM health.business_figures lists them.';
    END IF;
    RETURN QUERY
    SELECT
        rows.agent_id, rows.incident_id, rows.action_id, rows.from_at, rows.to_at, rows.amount,
        rows.weight, rows.low, rows.high, rows.note
    FROM health_internal.business_rows(p_from, v_to, p_now) AS rows
    WHERE rows.figure = p_figure
        AND (
            (SELECT health_internal.own_tenants()) IS NULL
            OR rows.agent_id IN (SELECT health_internal.own_agent_ids())
        )
    ORDER BY rows.from_at, rows.agent_id NULLS FIRST, rows.incident_id, rows.action_id;
END;
$$;
COMMENT ON FUNCTION health.business_impact_detail(timestamptz, timestamptz, text, timestamptz) IS
'The rows a figure of kpis_between is made of: their amounts sum to it (to the cent), or their mean by '
'weight is it, as business_figures.made_by says. A row of weight 0 only says that the figure is known. '
'Raises BI001 for the period, BI003 for the figure.';

GRANT EXECUTE ON FUNCTION
health.kpis_between(timestamptz, timestamptz, timestamptz),
health.business_impact_detail(timestamptz, timestamptz, text, timestamptz)
TO health_analyst, health_bridge;

COMMIT;
