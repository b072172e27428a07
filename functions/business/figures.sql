-- The rows that figures are made of: of service and trends here; business_rows puts all together.
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
    p_now timestamptz,
    p_figure text DEFAULT NULL
)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    SELECT rows.*
    FROM health_internal.service_rows(p_from, p_to, p_now) AS rows
    WHERE coalesce(p_figure IN (
        'availability', 'availability_lost_share', 'availability_against_comparison',
        'system_health'
    ), true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.incident_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure IN (
        'incident_count', 'mean_time_to_detection', 'mean_time_to_alert',
        'mean_time_to_acknowledge', 'mean_time_to_recovery', 'false_positive_rate',
        'self_resolved_rate', 'manual_intervention_reduction'
    ), true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.recovery_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure IN ('automated_recovery_success', 'escalation_rate'), true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.risk_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure IN ('open_critical_incidents', 'revenue_at_risk'), true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.lost_revenue_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure = 'revenue_lost', true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.saved_rows(p_from, p_to) AS rows
    WHERE coalesce(
        p_figure IN ('revenue_protected', 'cost_avoidance', 'manual_hours_avoided'), true
    )
    UNION ALL
    SELECT rows.*
    FROM health_internal.return_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure IN ('monitoring_cost', 'net_benefit', 'roi'), true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.usage_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure IN (
        'user_satisfaction', 'capacity_utilization', 'growth_readiness', 'monitor_headroom',
        'resource_waste', 'resource_waste_reduction'
    ), true)
    UNION ALL
    SELECT rows.*
    FROM health_internal.trend_rows(p_from, p_to) AS rows
    WHERE coalesce(p_figure IN ('availability_trend', 'incident_trend'), true);
$$;
COMMENT ON FUNCTION health_internal.business_rows(timestamptz, timestamptz, timestamptz, text) IS
'The rows of every figure; of p_figure, where given, what is made together with it, and nothing else.';

COMMIT;
