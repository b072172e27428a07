-- Money saved: what automated recovery saved against people's doing it, and what the monitoring itself costs.
-- Every amount is a row, rounded to the cent, so that rows sum to the figure.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.saved_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    -- Of several recoveries of one incident people would have done one: the last.
    WITH recovered AS (
        SELECT DISTINCT ON (coalesce(actions.incident_id, - actions.action_id))
            actions.*,
            least(actions.created_at, incidents.detected_at) AS began_at
        FROM health.recovery_actions AS actions
        LEFT JOIN health.incidents ON actions.incident_id = incidents.incident_id
        WHERE actions.finished_at >= p_from
            AND actions.finished_at < p_to
            AND actions.state = 'succeeded'
            AND actions.requested_by = 'engine'
            AND incidents.false_positive_at IS NULL
            AND health_internal.is_business_agent(actions.agent_id)
        ORDER BY coalesce(actions.incident_id, - actions.action_id), actions.action_id DESC
    ),

    terms AS MATERIALIZED (
        SELECT held.* FROM health_internal.business_terms_held() AS held
    ),

    priced AS (
        SELECT
            recovered.*,
            coalesce(terms.revenue_usd_per_hour, 0) AS usd_per_hour,
            coalesce(terms.manual_recovery_minutes, settings.manual_recovery_minutes) AS minutes,
            coalesce(terms.manual_recovery_cost_usd, settings.manual_recovery_cost_usd) AS cost_usd,
            settings.manual_recovery_spread AS spread,
            extract(EPOCH FROM recovered.finished_at - recovered.began_at) AS taken_seconds,
            CASE
                WHEN recovered.issue_type = 'agent_unresponsive' THEN 1
                ELSE coalesce(
                    (
                        SELECT least(1, greatest(0, (100 - changes.new_score) / 100))
                        FROM health.status_transitions AS changes
                        WHERE changes.agent_id = recovered.agent_id
                            AND changes.occurred_at <= recovered.created_at
                        ORDER BY changes.occurred_at DESC, changes.transition_id DESC
                        LIMIT 1
                    ),
                    0
                )
            END AS lost_share
        FROM recovered
        CROSS JOIN health.business_settings AS settings
        LEFT JOIN terms
            ON recovered.agent_id = terms.agent_id
            AND terms.from_at <= recovered.began_at
            AND terms.until_at > recovered.began_at
    )

    SELECT
        'revenue_protected', NULL::text, NULL::bigint, NULL::bigint, p_from, p_to, 0::numeric,
        0::double precision, 0::numeric, 0::numeric,
        count(DISTINCT terms.agent_id) || ' agents earn revenue'
    FROM terms
    INNER JOIN health.agents ON terms.agent_id = agents.agent_id
    WHERE terms.revenue_usd_per_hour > 0 AND terms.from_at < p_to AND terms.until_at > p_from
    HAVING count(*) > 0
    UNION ALL
    SELECT
        figures.figure, priced.agent_id, priced.incident_id, priced.action_id, priced.began_at,
        priced.finished_at, figures.amount, 1, figures.low, figures.high, figures.note
    FROM priced
    CROSS JOIN LATERAL (
        SELECT
            priced.lost_share::numeric * priced.usd_per_hour / 3600 AS usd_per_second,
            60 * priced.minutes::numeric AS by_hand,
            60 * (priced.minutes * (1 - priced.spread))::numeric AS by_hand_low,
            60 * (priced.minutes * (1 + priced.spread))::numeric AS by_hand_high
    ) AS parts
    CROSS JOIN LATERAL (
        VALUES
        (
            'revenue_protected',
            round(greatest(0, parts.by_hand - priced.taken_seconds) * parts.usd_per_second, 2),
            round(greatest(0, parts.by_hand_low - priced.taken_seconds) * parts.usd_per_second, 2),
            round(greatest(0, parts.by_hand_high - priced.taken_seconds) * parts.usd_per_second, 2),
            CASE
                WHEN priced.minutes IS NULL THEN 'manual_recovery_minutes is not set'
                ELSE format(
                    'over after %s s, by hand after %s s', round(priced.taken_seconds),
                    round(parts.by_hand)
                )
            END
        ),
        (
            'cost_avoidance', round(priced.cost_usd, 2), NULL, NULL,
            CASE WHEN priced.cost_usd IS NULL THEN 'manual_recovery_cost_usd is not set' END
        ),
        (
            'manual_hours_avoided',
            (priced.minutes / 60)::numeric,
            (priced.minutes * (1 - priced.spread) / 60)::numeric,
            (priced.minutes * (1 + priced.spread) / 60)::numeric,
            CASE WHEN priced.minutes IS NULL THEN 'manual_recovery_minutes is not set' END
        )
    ) AS figures (figure, amount, low, high, note)
    WHERE figures.figure <> 'revenue_protected' OR priced.usd_per_hour > 0;
$$;
COMMENT ON FUNCTION health_internal.saved_rows(timestamptz, timestamptz) IS
'Rows of what automated recovery saved: the engine''s verified recoveries that ended in the period, one '
'per incident, against manual_recovery_minutes from the detection on. low and high: the same with the '
'minutes off by manual_recovery_spread.';

CREATE OR REPLACE FUNCTION health_internal.return_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    WITH price AS (
        SELECT
            round(
                settings.monitoring_usd_per_month
                * extract(EPOCH FROM p_to - p_from) / (30.4375 * 86400),
                2
            ) AS usd,
            format(
                '$%s per month for %s days', settings.monitoring_usd_per_month,
                round(extract(EPOCH FROM p_to - p_from) / 86400, 2)
            ) AS note
        FROM health.business_settings AS settings
        WHERE settings.monitoring_usd_per_month IS NOT NULL
    ),

    parts AS (
        SELECT
            saved.agent_id, saved.incident_id, saved.action_id, saved.from_at, saved.to_at,
            saved.amount, saved.weight, coalesce(saved.low, saved.amount) AS low,
            coalesce(saved.high, saved.amount) AS high,
            replace(saved.figure, '_', ' ') || coalesce(': ' || saved.note, '') AS note
        FROM health_internal.saved_rows(p_from, p_to) AS saved
        WHERE saved.figure IN ('revenue_protected', 'cost_avoidance')
        UNION ALL
        SELECT
            NULL, NULL, NULL, p_from, p_to, - price.usd, 0, - price.usd, - price.usd,
            'monitoring cost: ' || price.note
        FROM price
    )

    SELECT
        'monitoring_cost', NULL::text, NULL::bigint, NULL::bigint, p_from, p_to, price.usd,
        0::double precision, NULL::numeric, NULL::numeric, price.note
    FROM price
    UNION ALL
    SELECT
        figures.figure, parts.agent_id, parts.incident_id, parts.action_id, parts.from_at,
        parts.to_at, parts.amount * figures.factor, parts.weight, parts.low * figures.factor,
        parts.high * figures.factor, parts.note
    FROM price
    CROSS JOIN parts
    CROSS JOIN LATERAL (
        VALUES ('net_benefit', 1), ('roi', 100 / nullif(price.usd, 0))
    ) AS figures (figure, factor);
$$;
COMMENT ON FUNCTION health_internal.return_rows(timestamptz, timestamptz) IS
'Rows of the cost of the monitoring, of the net benefit and of the return on it: what was saved, and the '
'cost as a negative row; for the return each as a share of the cost, percent.';

COMMIT;
