-- Features: one statement gives them for any set of steps, for training many and for predicting one, so that
-- what a model was taught and what it is asked are the same thing. Row k of an agent stands for the time
-- t = anchor + k · step, and cell k for what the database learnt in (t - step, t]: nothing later enters it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.plain_real(p_value double precision)
RETURNS real
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_value IS NULL THEN NULL
    WHEN abs(p_value) < 1e-30 THEN 0
    ELSE greatest(-1e30, least(1e30, p_value))
END::real;
COMMENT ON FUNCTION health_internal.plain_real(double precision) IS
'The number as real, which holds 1e-37 to 1e38: what is nearer to 0 than 1e-30 is 0, beyond 1e30 is 1e30.';

CREATE OR REPLACE FUNCTION health_internal.numbered_features(p_model_id bigint)
RETURNS TABLE (
    feature integer, source text, family text, name text, measure text, value text, code bigint
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        features.feature, features.source, features.family, features.name, features.measure,
        features.value,
        dense_rank() OVER (ORDER BY features.source, features.family, features.name)
    FROM health_internal.failure_features AS features
    WHERE features.model_id = p_model_id;
$$;
COMMENT ON FUNCTION health_internal.numbered_features(bigint) IS
'The features of a model, and one code for those of the same series or kind of event.';

CREATE OR REPLACE FUNCTION health_internal.series_cells_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Names come in as literals of a VALUES list, and are compared; they are never identifiers.
    SELECT coalesce(string_agg(part.statement, ' UNION ALL '), $sql$
        SELECT NULL::text AS agent_id, 0 AS code, 0 AS cell, 0::float8 AS mean, 0::float8 AS spread
        WHERE false
    $sql$)
    FROM (
        SELECT format(
            $sql$
            SELECT
                logged.agent_id::text AS agent_id,
                names.code,
                ceil(date_part('epoch', logged.received_at - $1) / date_part('epoch', $2))::integer AS cell,
                avg(logged.metric_value) AS mean,
                stddev_samp(logged.metric_value) AS spread
            FROM health.performance_metrics AS logged
            INNER JOIN (VALUES %s) AS names (code, name) ON logged.metric_name = names.name
            WHERE logged.received_at > $1 + $2 * ($3 - 8) AND logged.received_at <= $1 + $2 * $4
            GROUP BY logged.agent_id, names.code, 3
            $sql$,
            string_agg(DISTINCT format('(%s, %L)', numbered.code, numbered.name), ', ')
        ) AS statement
        FROM health_internal.numbered_features(p_model_id) AS numbered
        WHERE numbered.source = 'metric'
        HAVING count(*) > 0
        UNION ALL
        SELECT format(
            $sql$
            SELECT
                beats.agent_id::text AS agent_id,
                told.code,
                ceil(date_part('epoch', beats.received_at - $1) / date_part('epoch', $2))::integer AS cell,
                CASE WHEN told.is_counter THEN max(told.value) - min(told.value) ELSE avg(told.value) END,
                CASE WHEN NOT told.is_counter THEN stddev_samp(told.value) END
            FROM (
                SELECT * FROM health.agent_heartbeats
                UNION ALL
                SELECT * FROM health.ingest_heartbeats
            ) AS beats
            CROSS JOIN LATERAL (VALUES %s) AS told (code, is_counter, value)
            WHERE beats.received_at > $1 + $2 * ($3 - 8) AND beats.received_at <= $1 + $2 * $4
                AND told.value IS NOT NULL
            GROUP BY beats.agent_id, told.code, told.is_counter, 3
            $sql$,
            string_agg(DISTINCT format(
                '(%s, %L::boolean, (%s)::float8)', numbered.code, measures.is_counter, measures.expression
            ), ', ')
        )
        FROM health_internal.numbered_features(p_model_id) AS numbered
        INNER JOIN health_internal.heartbeat_measures() AS measures ON numbered.name = measures.name
        WHERE numbered.source = 'heartbeat'
        HAVING count(*) > 0
    ) AS part;
$$;
COMMENT ON FUNCTION health_internal.series_cells_sql(bigint) IS
'Query of the cells of a model''s series: agent_id, code, cell, mean and standard deviation within it.';

CREATE OR REPLACE FUNCTION health_internal.event_cells_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (
            SELECT format(
                $sql$
                SELECT
                    counted.*,
                    lead(counted.cell) OVER by_time AS next_cell,
                    sum(counted.event_count) OVER by_time AS total
                FROM (
                    SELECT
                        history.agent_id,
                        names.code,
                        ceil(date_part('epoch', history.told_at - $1) / date_part('epoch', $2))::integer
                            AS cell,
                        count(*) AS event_count,
                        date_part('epoch', max(history.told_at) - $1) / date_part('epoch', $2) AS last_at
                    FROM health_internal.agent_history AS history
                    INNER JOIN (VALUES %s) AS names (code, family, name)
                        ON history.family = names.family
                        AND (history.name = names.name OR names.name = '')
                    WHERE history.told_at > $1 + $2 * ($3 - 1000) AND history.told_at <= $1 + $2 * $4
                        AND history.family = ANY (%L::text [])
                    GROUP BY history.agent_id, names.code, 3
                ) AS counted
                WINDOW by_time AS (PARTITION BY counted.agent_id, counted.code ORDER BY counted.cell)
                $sql$,
                string_agg(DISTINCT format(
                    '(%s, %L, %L)', numbered.code, numbered.family, numbered.name
                ), ', '),
                array_agg(DISTINCT numbered.family)
            )
            FROM health_internal.numbered_features(p_model_id) AS numbered
            WHERE numbered.source = 'event'
            HAVING count(*) > 0
        ),
        $sql$
        SELECT
            NULL::text AS agent_id, 0 AS code, 0 AS cell, 0 AS event_count, 0::float8 AS last_at,
            0 AS next_cell, 0 AS total
        WHERE false
        $sql$
    );
$$;
COMMENT ON FUNCTION health_internal.event_cells_sql(bigint) IS
'Query of the cells of a model''s events: agent_id, code, cell, how many, the last one in steps from the '
'anchor, the next cell with one, and how many so far.';

CREATE OR REPLACE FUNCTION health_internal.feature_column(
    p_source text, p_measure text, p_name text, p_value text, p_code bigint
)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN CASE
    WHEN p_source IN ('metric', 'heartbeat') THEN format(
        'max(series.%I) FILTER (WHERE series.code = %s)', p_measure, p_code
    )
    -- Never and long ago lie at the low end, just now at 0.
    WHEN p_measure = 'since' THEN format(
        '-ln(1 + greatest(0, least(1000, coalesce(told.k - max(told.last_at) '
        'FILTER (WHERE told.code = %s), 1000))))',
        p_code
    )
    WHEN p_measure = 'total' THEN format(
        'coalesce(max(told.total) FILTER (WHERE told.code = %s), 0)', p_code
    )
    WHEN p_source = 'event' THEN format(
        'coalesce(sum(told.event_count) '
        'FILTER (WHERE told.code = %s AND told.k - told.cell < %s), 0)',
        p_code, substr(p_measure, 7)
    )
    WHEN p_measure = 'number' THEN format(
        'CASE WHEN jsonb_typeof(facts.labels -> %L) = ''number'' '
        'THEN health_internal.label_number(facts.labels ->> %L) END',
        p_name, p_name
    )
    ELSE format('(facts.labels ->> %L IS NOT DISTINCT FROM %L)::integer', p_name, p_value)
END;
COMMENT ON FUNCTION health_internal.feature_column(text, text, text, text, bigint) IS
'Expression of a feature over the rows "series", "told" or "facts" of features_sql.';

CREATE OR REPLACE FUNCTION health_internal.label_number(p_text text)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN greatest(-1e30, least(1e30, p_text::numeric))::double precision;
COMMENT ON FUNCTION health_internal.label_number(text) IS
'A number of JSON, which may have any size, held to 1e30.';

CREATE OR REPLACE FUNCTION health_internal.features_sql(p_model_id bigint, p_is_single boolean)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        $sql$
        WITH cells AS MATERIALIZED (%1$s),

        event_cells AS MATERIALIZED (%2$s),

        windows AS (
            SELECT
                cells.agent_id,
                cells.code,
                cells.cell + ages.age AS k,
                max(cells.mean) FILTER (WHERE ages.age = 0) AS level,
                max(cells.spread) FILTER (WHERE ages.age = 0) AS spread,
                avg(cells.mean) FILTER (WHERE ages.age < 3) AS mean_3,
                avg(cells.mean) FILTER (WHERE ages.age < 7) AS mean_7,
                max(cells.mean) FILTER (WHERE ages.age = 1) AS before,
                avg(cells.mean) FILTER (WHERE ages.age > 0) AS past,
                stddev_samp(cells.mean) FILTER (WHERE ages.age > 0) AS past_spread
            FROM cells
            CROSS JOIN LATERAL %3$s AS ages
            WHERE cells.cell + ages.age BETWEEN $3 AND $4
            GROUP BY cells.agent_id, cells.code, 3
        ),

        series AS (
            SELECT
                windows.agent_id, windows.code, windows.k, windows.level, windows.spread,
                windows.mean_3, windows.mean_7,
                windows.level - windows.before AS change_1,
                windows.level - windows.past AS change_7,
                (windows.level - windows.past) / nullif(windows.past_spread, 0) AS deviation,
                (windows.level - avg(windows.level) OVER fleet)
                / nullif(stddev_samp(windows.level) OVER fleet, 0) AS fleet
            FROM windows
            WINDOW fleet AS (PARTITION BY windows.code, windows.k)
        ),

        of_series AS (
            SELECT series.agent_id, series.k %4$s FROM series GROUP BY series.agent_id, series.k
        ),

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

        of_agents AS MATERIALIZED (
            SELECT facts.agent_id %6$s
            FROM (
                SELECT
                    agents.agent_id::text AS agent_id,
                    agents.labels || jsonb_strip_nulls(
                        jsonb_build_object('agent_type', agents.agent_type)
                    ) AS labels
                FROM health.agents
            ) AS facts
        ),

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
                greatest($3, seen.first_k), least($4, seen.last_k + %7$s)
            ) AS steps (k)
        )

        SELECT moments.agent_id, moments.k %8$s
        FROM moments
        LEFT JOIN of_series USING (agent_id, k)
        LEFT JOIN of_events USING (agent_id, k)
        LEFT JOIN of_agents USING (agent_id)
        $sql$,
        health_internal.series_cells_sql(p_model_id),
        health_internal.event_cells_sql(p_model_id),
        CASE
            WHEN p_is_single THEN '(SELECT $4 - cells.cell AS age)'
            ELSE '(SELECT generate_series(0, 7) AS age)'
        END,
        string_agg(
            format(', %s AS f%s', columns.expression, columns.feature), '' ORDER BY columns.feature
        ) FILTER (WHERE columns.source IN ('metric', 'heartbeat')),
        string_agg(
            format(', %s AS f%s', columns.expression, columns.feature), '' ORDER BY columns.feature
        ) FILTER (WHERE columns.source = 'event'),
        string_agg(
            format(', %s AS f%s', columns.expression, columns.feature), '' ORDER BY columns.feature
        ) FILTER (WHERE columns.source = 'label'),
        -- An agent that fell silent is still predicted for the length of the windows, but teaches nothing.
        CASE WHEN p_is_single THEN 6 ELSE 0 END,
        string_agg(
            format(
                ', health_internal.plain_real(%s) AS f%s',
                CASE
                    WHEN columns.measure = 'since' THEN format('coalesce(f%s, -ln(1001.0))', columns.feature)
                    WHEN columns.source = 'event' THEN format('coalesce(f%s, 0)', columns.feature)
                    ELSE format('f%s', columns.feature)
                END,
                columns.feature
            ),
            '' ORDER BY columns.feature
        )
    )
    FROM (
        SELECT
            numbered.*,
            health_internal.feature_column(
                numbered.source, numbered.measure, numbered.name, numbered.value, numbered.code
            ) AS expression
        FROM health_internal.numbered_features(p_model_id) AS numbered
    ) AS columns;
$$;
COMMENT ON FUNCTION health_internal.features_sql(bigint, boolean) IS
'Query of a model''s features: agent_id, k, f1, f2, … for the steps k from $3 to $4 (p_is_single: there is one, '
'$3 = $4) after the anchor $1 in steps of $2. Reads nothing received after $1 + $2 · k for row k.';

COMMIT;
