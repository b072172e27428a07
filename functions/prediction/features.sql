-- Features of many steps, for training. What a model is asked later (features_now) is the same: a test compares
-- them. Nothing received after the time of a row enters it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.plain_real(p_value double precision)
RETURNS real
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(p_value) < 1e-30 THEN 0
    WHEN abs(p_value) > 1e30 THEN 1e30 * sign(p_value)
    ELSE p_value
END::real;
COMMENT ON FUNCTION health_internal.plain_real(double precision) IS
'The number as real, which holds 1e-37 to 1e38: what is nearer to 0 than 1e-30 is 0, beyond 1e30 is 1e30.';

CREATE OR REPLACE FUNCTION health_internal.label_number(p_text text)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN greatest(-1e30, least(1e30, p_text::numeric))::double precision;
COMMENT ON FUNCTION health_internal.label_number(text) IS
'A number of JSON, which may have any size, held to 1e30.';

CREATE OR REPLACE FUNCTION health_internal.difference(
    p_value double precision, p_from double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(p_value - p_from) <= 1e-12 * abs(p_value) THEN 0 ELSE p_value - p_from END;
COMMENT ON FUNCTION health_internal.difference(double precision, double precision) IS
'How much a value is above another one; 0 where that is of rounding alone, which depends on the order of a sum.';

CREATE OR REPLACE FUNCTION health_internal.deviation(
    p_value double precision, p_mean double precision, p_spread double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_spread > 1e-9 * abs(p_mean) THEN health_internal.difference(p_value, p_mean) / p_spread
END;
COMMENT ON FUNCTION health_internal.deviation(double precision, double precision, double precision) IS
'How many standard deviations a value is above a mean; NULL where these are of rounding alone, as in a constant '
'series.';

CREATE OR REPLACE FUNCTION health_internal.since_sql(p_steps text)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN format('-ln(1 + greatest(0, least(1000, %s)))', p_steps);
COMMENT ON FUNCTION health_internal.since_sql(text) IS
'Expression of measure since, of an expression of the age in steps that is NULL where there was none.';

CREATE OR REPLACE FUNCTION health_internal.feature_columns(p_model_id bigint, p_is_single boolean)
RETURNS TABLE (
    of_series text, of_events text, of_agents text, of_fleet text, of_all text, as_real text
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH columns AS (
        SELECT
            numbered.feature,
            numbered.source,
            numbered.measure,
            CASE
                WHEN numbered.source IN ('metric', 'heartbeat') THEN format(
                    'max(series.%I) FILTER (WHERE series.code = %s)', numbered.measure, numbered.code
                )
                WHEN numbered.measure = 'since' THEN health_internal.since_sql(format(
                    CASE
                        WHEN p_is_single THEN
                            '$4 - date_part(''epoch'', max(told.told_at) FILTER (WHERE told.code = %s) - $1) '
                            '/ date_part(''epoch'', $2)'
                        ELSE 'told.k - max(told.last_at) FILTER (WHERE told.code = %s)'
                    END,
                    numbered.code
                ))
                WHEN numbered.measure = 'total' THEN format(
                    CASE
                        WHEN p_is_single THEN 'sum(told.event_count) FILTER (WHERE told.code = %s)'
                        ELSE 'max(told.total) FILTER (WHERE told.code = %s)'
                    END,
                    numbered.code
                )
                WHEN numbered.source = 'event' THEN format(
                    CASE
                        WHEN p_is_single THEN
                            'sum(told.event_count) FILTER '
                            '(WHERE told.code = %s AND told.told_at > health_internal.step_end($1, $2, $4 - %s))'
                        ELSE 'sum(told.event_count) FILTER (WHERE told.code = %s AND told.k - told.cell < %s)'
                    END,
                    numbered.code, substr(numbered.measure, 7)
                )
                WHEN numbered.measure = 'number' THEN format(
                    'CASE WHEN jsonb_typeof(facts.labels -> %L) = ''number'' '
                    'THEN health_internal.label_number(facts.labels ->> %L) END',
                    numbered.name, numbered.name
                )
                ELSE format(
                    '(facts.labels ->> %L IS NOT DISTINCT FROM %L)::integer', numbered.name, numbered.value
                )
            END AS expression
        FROM health_internal.numbered_features(p_model_id) AS numbered
    )

    SELECT
        string_agg(format(', %s AS f%s', columns.expression, columns.feature), '' ORDER BY columns.feature)
        FILTER (WHERE columns.source IN ('metric', 'heartbeat')),
        string_agg(format(', %s AS f%s', columns.expression, columns.feature), '' ORDER BY columns.feature)
        FILTER (WHERE columns.source = 'event'),
        string_agg(format(', %s AS f%s', columns.expression, columns.feature), '' ORDER BY columns.feature)
        FILTER (WHERE columns.source = 'label'),
        string_agg(
            format(', avg(f%1$s) AS mean%1$s, stddev_samp(f%1$s) AS spread%1$s', columns.feature),
            '' ORDER BY columns.feature
        ) FILTER (WHERE columns.measure = 'fleet'),
        string_agg(
            CASE columns.measure
                WHEN 'fleet' THEN format(
                    ', health_internal.deviation(f%1$s, mean%1$s, spread%1$s) AS f%1$s', columns.feature
                )
                ELSE format(', f%s', columns.feature)
            END,
            '' ORDER BY columns.feature
        ),
        string_agg(
            format(
                CASE
                    -- Never and long ago lie at the low end, just now at 0.
                    WHEN columns.measure = 'since' THEN ', coalesce(f%1$s, -ln(1001.0))::real AS f%1$s'
                    WHEN columns.source = 'event' THEN ', coalesce(f%1$s, 0)::real AS f%1$s'
                    ELSE ', health_internal.plain_real(f%1$s) AS f%1$s'
                END,
                columns.feature
            ),
            '' ORDER BY columns.feature
        )
    FROM columns;
$$;
COMMENT ON FUNCTION health_internal.feature_columns(bigint, boolean) IS
'Lists of a model''s columns: over the rows "series" of series_sql, "told" of events (p_is_single: of event_rows_sql, '
'else of features_of_steps_sql), over "facts" of labels, the fleet''s mean and spread of series, all of them, and all as real. '
'NULL: none.';

CREATE OR REPLACE FUNCTION health_internal.features_of_steps_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        $sql$
        WITH cells AS MATERIALIZED (%1$s),

        event_cells AS MATERIALIZED (%2$s),

        of_series AS MATERIALIZED (
            SELECT series.agent_id, series.k %3$s FROM (%8$s) AS series GROUP BY series.agent_id, series.k
        ),

        of_fleet AS (SELECT of_series.k %4$s FROM of_series GROUP BY of_series.k),

        told AS (
            SELECT event_cells.*, reached.k
            FROM event_cells
            CROSS JOIN LATERAL generate_series(
                greatest($3, event_cells.cell),
                least($4, greatest(coalesce(event_cells.next_cell - 1, $4), event_cells.cell + 6))
            ) AS reached (k)
        ),

        of_events AS (
            SELECT told.agent_id, told.k %5$s FROM told GROUP BY told.agent_id, told.k
        ),

        of_agents AS MATERIALIZED (%6$s),

        seen AS (
            SELECT spans.agent_id, min(spans.first_k) AS first_k, max(spans.last_k) AS last_k
            FROM (
                SELECT cells.agent_id, min(cells.cell) AS first_k, max(cells.cell) AS last_k
                FROM cells GROUP BY cells.agent_id
                UNION ALL
                SELECT event_cells.agent_id, min(event_cells.cell), max(event_cells.cell)
                FROM event_cells GROUP BY event_cells.agent_id
            ) AS spans
            WHERE health_internal.is_watched(spans.agent_id)
            GROUP BY spans.agent_id
        ),

        moments AS (
            SELECT seen.agent_id, steps.k
            FROM seen
            CROSS JOIN LATERAL generate_series(
                greatest($3, seen.first_k), least($4, seen.last_k)
            ) AS steps (k)
        )

        SELECT found.agent_id, found.k %9$s
        FROM (
            SELECT moments.agent_id, moments.k %7$s
            FROM moments
            LEFT JOIN of_series USING (agent_id, k)
            LEFT JOIN of_fleet USING (k)
            LEFT JOIN of_events USING (agent_id, k)
            LEFT JOIN of_agents USING (agent_id)
            OFFSET 0
        ) AS found
        $sql$,
        CASE
            WHEN health_internal.series_rows_sql(p_model_id) IS NOT NULL THEN format(
                $sql$
                SELECT
                    told.agent_id, told.name, %1$s AS cell, sum(told.value_count) AS value_count,
                    CASE WHEN codes.is_counter THEN min(told.value_sum) ELSE sum(told.value_sum) END AS value_sum,
                    CASE WHEN codes.is_counter THEN max(told.squares) ELSE sum(told.squares) END AS squares
                FROM (%2$s) AS told
                LEFT JOIN (%3$s) AS codes (name, is_counter) ON told.name = codes.name
                GROUP BY told.agent_id, told.name, codes.is_counter, 3
                $sql$,
                health_internal.cell_sql('told.told_at'),
                health_internal.series_rows_sql(p_model_id),
                (
                    SELECT 'VALUES ' || string_agg(format('(%L, %L::boolean)', codes.key, codes.is_counter), ', ')
                    FROM health_internal.series_codes(p_model_id) AS codes
                )
            )
            ELSE 'SELECT NULL::text AS agent_id, 0 AS cell WHERE false'
        END,
        CASE
            WHEN health_internal.event_rows_sql(p_model_id) IS NOT NULL THEN format(
                $sql$
                SELECT
                    counted.*,
                    lead(counted.cell) OVER by_time AS next_cell,
                    sum(counted.event_count) OVER by_time AS total
                FROM (
                    SELECT
                        history.agent_id,
                        history.code,
                        %s AS cell,
                        sum(history.event_count) AS event_count,
                        date_part('epoch', max(history.told_at) - $1) / date_part('epoch', $2) AS last_at
                    FROM (%s) AS history
                    GROUP BY history.agent_id, history.code, 3
                ) AS counted
                WINDOW by_time AS (PARTITION BY counted.agent_id, counted.code ORDER BY counted.cell)
                $sql$,
                health_internal.cell_sql('history.told_at'),
                health_internal.event_rows_sql(p_model_id)
            )
            ELSE
                'SELECT NULL::text AS agent_id, 0 AS code, 0 AS cell, 0 AS event_count, 0::float8 AS last_at, '
                '0 AS next_cell, 0 AS total WHERE false'
        END,
        columns.of_series,
        columns.of_fleet,
        columns.of_events,
        health_internal.agent_facts_sql(columns.of_agents),
        columns.of_all,
        coalesce(
            health_internal.series_sql(p_model_id, format(
                $sql$
                SELECT told.agent_id, told.name, told.cell + ages.age AS k %s
                FROM cells AS told
                CROSS JOIN LATERAL generate_series(0, 6) AS ages (age)
                WHERE told.cell + ages.age BETWEEN $3 AND $4
                GROUP BY told.agent_id, told.name, 3
                $sql$,
                health_internal.window_sums_sql(p_model_id, false)
            )),
            'SELECT NULL::text AS agent_id, 0 AS code, 0 AS k WHERE false'
        ),
        columns.as_real
    )
    FROM health_internal.feature_columns(p_model_id, false) AS columns;
$$;
COMMENT ON FUNCTION health_internal.features_of_steps_sql(bigint) IS
'Query of a model''s features: agent_id, k, f1, f2, … for the steps k from $3 to $4 after the anchor $1 in steps of '
'$2; $5, $6, $7 are feature_bounds. Reads nothing received after $1 + $2 · k for row k.';

COMMIT;
