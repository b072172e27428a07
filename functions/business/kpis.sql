-- Figures: each is made of rows, by what business_figures says, so that what is read in a report and what
-- is read row by row cannot differ. Entry points: kpis_between, business_impact_detail.
BEGIN;

SET LOCAL ROLE health_owner;

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
    FROM health_internal.business_rows(p_from, v_to, p_now, p_figure) AS rows
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
