-- Windows of series: sums over the step of a row, the one before, three steps, and the six before the last; and what is
-- measured by them. Training and predicting differ in how steps are told apart, not in what is made of the sums.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.spread_of(
    p_count double precision, p_sum double precision, p_squares double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_count <= 1 THEN NULL
    WHEN p_squares - p_sum * (p_sum / p_count) <= 1e-12 * p_squares THEN 0
    ELSE sqrt((p_squares - p_sum * (p_sum / p_count)) / (p_count - 1))
END;
COMMENT ON FUNCTION health_internal.spread_of(double precision, double precision, double precision) IS
'Standard deviation of values from their count, sum and sum of squares: 0 below a millionth of the values, where it is '
'of rounding, which depends on the order of a sum; NULL of fewer than two.';

CREATE OR REPLACE FUNCTION health_internal.window_sums_sql(p_model_id bigint, p_is_single boolean)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- What no feature asks for is not summed.
    SELECT string_agg(format(
        ', %s FILTER (WHERE %s) AS %s_%s', kinds.aggregate,
        CASE WHEN p_is_single THEN windows.of_row ELSE windows.of_age END, windows.name, kinds.kind
    ), '')
    FROM (
        SELECT
            bool_or(NOT codes.is_counter) AS has_series,
            bool_or(codes.is_counter) AS has_counters,
            array_agg(numbered.measure) AS measures
        FROM health_internal.numbered_features(p_model_id) AS numbered
        INNER JOIN health_internal.series_codes(p_model_id) AS codes USING (code)
    ) AS asked
    INNER JOIN health_internal.feature_windows() AS windows ON asked.measures && windows.measures
    INNER JOIN (
        VALUES
        ('count', 'sum(told.value_count)'), ('sum', 'sum(told.value_sum)'),
        ('squares', 'sum(told.squares)'), ('least', 'min(told.value_sum)'), ('greatest', 'max(told.squares)')
    ) AS kinds (kind, aggregate)
        ON CASE kinds.kind
            WHEN 'squares' THEN asked.has_series AND asked.measures && windows.spreads
            WHEN 'least' THEN asked.has_counters
            WHEN 'greatest' THEN asked.has_counters
            ELSE asked.has_series
        END;
$$;
COMMENT ON FUNCTION health_internal.window_sums_sql(bigint, boolean) IS
'List of the sums over windows that a model''s features need, as columns such as present_sum, of rows "told" as in '
'series_rows_sql: p_is_single: of one step, else by ages.age, steps before the row. Series have count, sum and '
'squares, counters least and greatest.';

CREATE OR REPLACE FUNCTION health_internal.series_measure_sql(p_measure text, p_is_counter boolean)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN CASE
    WHEN p_measure IN ('level', 'fleet') AND p_is_counter THEN 'present_greatest - present_least'
    WHEN p_measure IN ('level', 'fleet') THEN 'present_sum / present_count'
    WHEN p_measure = 'before' AND p_is_counter THEN 'before_greatest - before_least'
    WHEN p_measure = 'before' THEN 'before_sum / before_count'
    WHEN p_measure = 'past' AND p_is_counter THEN '(past_greatest - past_least) / 6.0::float8'
    WHEN p_measure = 'past' THEN 'past_sum / past_count'
    WHEN p_measure = 'mean_3' AND p_is_counter THEN '(three_greatest - three_least) / 3.0::float8'
    WHEN p_measure = 'mean_3' THEN 'three_sum / three_count'
    WHEN p_measure = 'mean_7' AND p_is_counter THEN
        '(greatest(present_greatest, past_greatest) - least(present_least, past_least))'
        ' / 7.0::float8'
    WHEN p_measure = 'mean_7' THEN
        '(coalesce(present_sum, 0) + coalesce(past_sum, 0))'
        ' / (coalesce(present_count, 0) + coalesce(past_count, 0))'
    WHEN p_is_counter THEN 'NULL::float8'
    WHEN p_measure = 'spread' THEN
        'health_internal.spread_of(present_count, present_sum, present_squares)'
    WHEN p_measure = 'past_spread' THEN
        'health_internal.spread_of(past_count, past_sum, past_squares)'
END;
COMMENT ON FUNCTION health_internal.series_measure_sql(text, boolean) IS
'Expression of a mean or spread over the columns of window_sums_sql. A counter is measured by what it rose by, in a '
'step; it has no spread.';

CREATE OR REPLACE FUNCTION health_internal.series_sql(p_model_id bigint, p_sums text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- OFFSET 0 keeps an expression from being reckoned again wherever it is named.
    SELECT format(
        $sql$
        SELECT
            means.agent_id, means.code, means.k %1$s
        FROM (
            SELECT sums.agent_id, codes.code, sums.k %2$s
            FROM (%3$s) AS sums
            INNER JOIN (VALUES %4$s) AS codes (code, name, is_counter) ON sums.name = codes.name
            OFFSET 0
        ) AS means
        $sql$,
        (
            SELECT string_agg(DISTINCT CASE numbered.measure
                WHEN 'change_1' THEN ', health_internal.difference(means.level, means.before) AS change_1'
                WHEN 'change_7' THEN ', health_internal.difference(means.level, means.past) AS change_7'
                WHEN 'deviation' THEN
                    ', health_internal.deviation(means.level, means.past, means.past_spread) AS deviation'
                WHEN 'fleet' THEN ', means.level AS fleet'
                ELSE format(', means.%I', numbered.measure)
            END, '')
            FROM health_internal.numbered_features(p_model_id) AS numbered
            WHERE numbered.source IN ('metric', 'heartbeat')
        ),
        (
            SELECT string_agg(format(
                CASE
                    WHEN asked.has_counters THEN ', CASE WHEN codes.is_counter THEN %1$s ELSE %2$s END AS %3$I'
                    ELSE ', %2$s AS %3$I'
                END,
                health_internal.series_measure_sql(means.name, true),
                health_internal.series_measure_sql(means.name, false),
                means.name
            ), '')
            FROM (
                VALUES
                ('level', '{level,change_1,change_7,deviation,fleet}'::text []), ('before', '{change_1}'),
                ('past', '{change_7,deviation}'), ('past_spread', '{deviation}'), ('mean_3', '{mean_3}'),
                ('mean_7', '{mean_7}'), ('spread', '{spread}')
            ) AS means (name, measures)
            WHERE asked.measures && means.measures
        ),
        p_sums,
        asked.codes
    )
    FROM (
        SELECT
            string_agg(
                DISTINCT format('(%s, %L, %L::boolean)', codes.code, codes.key, codes.is_counter), ', '
            ) AS codes,
            bool_or(codes.is_counter) AS has_counters,
            array_agg(numbered.measure) AS measures
        FROM health_internal.series_codes(p_model_id) AS codes
        INNER JOIN health_internal.numbered_features(p_model_id) AS numbered USING (code)
    ) AS asked
    WHERE asked.codes IS NOT NULL;
$$;
COMMENT ON FUNCTION health_internal.series_sql(bigint, text) IS
'Query of a model''s series, agent_id, code, k and a column for each measure (of fleet the level, which is compared '
'later), from a query of agent_id, name, k and the columns of window_sums_sql; NULL: it has none.';

COMMIT;
