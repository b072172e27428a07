-- Rows for features: what the database learnt of each agent, as parameters of one statement say: row k of an agent
-- stands for the time $1 + $2 · k, k from $3 to $4, and cell k for what was received in the step that ends then.
-- $5, $6 and $7 are feature_bounds.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.step_end(
    p_anchor timestamptz, p_step interval, p_k integer
)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    SELECT p_anchor + p_step * p_k;
$$;
COMMENT ON FUNCTION health_internal.step_end(timestamptz, interval, integer) IS
'The time that row p_k stands for. Immutable, since steps are of seconds: days and months would ask for the time '
'zone. So a plan knows the time, and with it the partitions and how many rows there are.';

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

CREATE OR REPLACE FUNCTION health_internal.series_codes(p_model_id bigint)
RETURNS TABLE (code bigint, key text, is_counter boolean)
LANGUAGE sql
STABLE
AS $$
    SELECT DISTINCT
        numbered.code, health_internal.series_key(numbered.source, numbered.name),
        coalesce(measures.is_counter, false)
    FROM health_internal.numbered_features(p_model_id) AS numbered
    LEFT JOIN health_internal.heartbeat_measures() AS measures
        ON numbered.source = 'heartbeat' AND numbered.name = measures.name
    WHERE numbered.source IN ('metric', 'heartbeat');
$$;
COMMENT ON FUNCTION health_internal.series_codes(bigint) IS
'The series of a model: code, series_key, and whether it is a counter.';

CREATE OR REPLACE FUNCTION health_internal.cell_sql(p_time text)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN format('ceil(date_part(''epoch'', %s - $1) / date_part(''epoch'', $2))::integer', p_time);
COMMENT ON FUNCTION health_internal.cell_sql(text) IS 'Expression of the cell that a time is in.';

CREATE OR REPLACE FUNCTION health_internal.feature_windows()
RETURNS TABLE (name text, measures text [], spreads text [], of_age text, of_row text, is_in text)
LANGUAGE sql
IMMUTABLE
AS $$
    VALUES
    (
        'present', '{level,spread,mean_7,change_1,change_7,deviation,fleet}'::text [], '{spread}'::text [],
        'ages.age = 0', 'told.is_present', '%s > health_internal.step_end($1, $2, $4 - 1) AS is_present'
    ),
    (
        'before', '{change_1}', '{}', 'ages.age = 1', 'NOT told.is_present AND told.is_before',
        '%s > health_internal.step_end($1, $2, $4 - 2) AS is_before'
    ),
    (
        'three', '{mean_3}', '{}', 'ages.age < 3', 'told.is_three',
        '%s > health_internal.step_end($1, $2, $4 - 3) AS is_three'
    ),
    ('past', '{mean_7,change_7,deviation}', '{deviation}', 'ages.age > 0', 'NOT told.is_present', NULL);
$$;
COMMENT ON FUNCTION health_internal.feature_windows() IS
'Windows of series: which measures are of them, and which of their spread; as a condition on ages.age, steps before '
'the row, and on rows of series_rows_sql of one step, which say of a time whether it is in the window.';

CREATE OR REPLACE FUNCTION health_internal.window_flags_sql(p_model_id bigint, p_time text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(string_agg(', ' || format(windows.is_in, p_time), '' ORDER BY windows.name), '')
    FROM health_internal.feature_windows() AS windows
    WHERE windows.is_in IS NOT NULL
        AND (
            windows.name = 'present'
            OR EXISTS (
                SELECT FROM health_internal.numbered_features(p_model_id) AS numbered
                WHERE numbered.measure = ANY (windows.measures)
            )
        );
$$;
COMMENT ON FUNCTION health_internal.window_flags_sql(bigint, text) IS
'List of whether the expression of a time is in the windows of step $4 that a model asks for.';

CREATE OR REPLACE FUNCTION health_internal.metric_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Names come in as literals, and are compared; they are never identifiers.
    -- health_internal.raw_metrics written out: through the function each row would pass two nodes more.
    SELECT string_agg(format(
        $sql$
        SELECT
            logged.agent_id::text AS agent_id, logged.metric_name::text AS name, logged.received_at AS told_at,
            1 AS value_count, logged.metric_value::float8 AS value_sum,
            logged.metric_value::float8 * logged.metric_value::float8 AS squares %s
        FROM health.performance_metrics AS logged
        WHERE %s
            AND logged.metric_name = ANY (%L::text [])
        $sql$,
        health_internal.window_flags_sql(p_model_id, 'logged.received_at'), parts.condition, asked.names
    ), ' UNION ALL ')
    FROM (
        SELECT array_agg(DISTINCT numbered.name) AS names
        FROM health_internal.numbered_features(p_model_id) AS numbered
        WHERE numbered.source = 'metric'
        HAVING count(*) > 0
    ) AS asked
    CROSS JOIN (
        VALUES
        -- What a plan knows to be true of all rows is not asked of each.
        (
            'logged.received_at > greatest(health_internal.step_end($1, $2, $3 - 7), $6)'
            ' AND logged.received_at <= health_internal.step_end($1, $2, $4)'
        ),
        (
            'logged.received_at > health_internal.step_end($1, $2, $3 - 7)'
            ' AND logged.received_at'
            ' <= least(health_internal.step_end($1, $2, $4), $6, greatest($5, upper($7)))'
            ' AND (health_internal.step_end($1, $2, $4) <= $5'
            ' OR logged.received_at <= $5 OR logged.received_at <@ $7)'
        )
    ) AS parts (condition);
$$;
COMMENT ON FUNCTION health_internal.metric_rows_sql(bigint) IS
'Query of the values of a model''s metrics that are in no hour, as rows of series_rows_sql; NULL: it has none.';

CREATE OR REPLACE FUNCTION health_internal.beat_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- One pass over the heartbeats, then a row for each measure.
    SELECT format(
        $sql$
        SELECT
            wide.agent_id, told.name, wide.told_at, told.value_count::integer AS value_count, told.value_sum,
            told.squares %s
        FROM (
            SELECT beats.agent_id::text AS agent_id, max(beats.received_at) AS told_at, %s
            FROM health_internal.raw_beats($5, $6, $7) AS beats
            WHERE beats.received_at > health_internal.step_end($1, $2, $3 - 7)
                AND beats.received_at <= health_internal.step_end($1, $2, $4)
            GROUP BY beats.agent_id, %s
        ) AS wide
        CROSS JOIN LATERAL (VALUES %s) AS told (name, value_count, value_sum, squares)
        WHERE told.value_count > 0
        $sql$,
        health_internal.window_flags_sql(p_model_id, 'wide.told_at'),
        string_agg(health_internal.beat_sums_sql(wanted.expression, wanted.is_counter, wanted.place), ', '),
        health_internal.cell_sql('beats.received_at'),
        string_agg(
            format(
                CASE
                    WHEN wanted.is_counter THEN '(%L, n%2$s, a%2$s, b%2$s)'
                    ELSE '(%L, n%2$s, a%2$s, b%2$s + a%2$s * (a%2$s / n%2$s))'
                END,
                health_internal.series_key('heartbeat', wanted.name), wanted.place
            ),
            ', '
        )
    )
    FROM (
        SELECT measures.*, row_number() OVER (ORDER BY measures.name) AS place
        FROM health_internal.heartbeat_measures() AS measures
        WHERE measures.name IN (
            SELECT numbered.name FROM health_internal.numbered_features(p_model_id) AS numbered
            WHERE numbered.source = 'heartbeat'
        )
    ) AS wanted
    HAVING count(*) > 0;
$$;
COMMENT ON FUNCTION health_internal.beat_rows_sql(bigint) IS
'Query of a model''s measures of heartbeats that are in no hour, a row for each step, as rows of '
'series_rows_sql; NULL: it has none.';

CREATE OR REPLACE FUNCTION health_internal.hour_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        $sql$
        SELECT
            hours.agent_id::text, names.name::text, hours.until_at, told.value_count, told.value_sum,
            CASE
                WHEN names.name = ANY (%L::text []) THEN told.square_sum
                ELSE told.square_sum + told.value_sum * (told.value_sum / told.value_count)
            END
            %s
        FROM health_internal.series_hours AS hours
        CROSS JOIN LATERAL unnest(
            hours.name_ids, hours.value_counts, hours.value_sums, hours.square_sums
        ) AS told (name_id, value_count, value_sum, square_sum)
        INNER JOIN health_internal.series_names AS names ON told.name_id = names.name_id
        WHERE hours.until_at > health_internal.step_end($1, $2, $3 - 7)
            AND hours.until_at <= health_internal.step_end($1, $2, $4)
            AND hours.until_at > $5 AND hours.until_at <= $6
            AND (hours.until_at - interval '30 minutes' <@ $7) IS NOT TRUE
            AND names.name = ANY (%L::text [])
        $sql$,
        coalesce(
            array_agg(DISTINCT asked.key) FILTER (WHERE asked.is_counter),
            '{}'
        ),
        health_internal.window_flags_sql(p_model_id, 'hours.until_at'),
        array_agg(DISTINCT asked.key)
    )
    FROM health_internal.series_codes(p_model_id) AS asked
    HAVING count(*) > 0;
$$;
COMMENT ON FUNCTION health_internal.hour_rows_sql(bigint) IS
'Query of a model''s series that are in hours, as rows of series_rows_sql; NULL: it has none.';

CREATE OR REPLACE FUNCTION health_internal.series_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
RETURN nullif(concat_ws(
    ' UNION ALL ',
    health_internal.metric_rows_sql(p_model_id),
    health_internal.beat_rows_sql(p_model_id),
    health_internal.hour_rows_sql(p_model_id)
), '');
COMMENT ON FUNCTION health_internal.series_rows_sql(bigint) IS
'Query of what is known of a model''s series, of raw rows and of hours: agent_id, name (series_key), told_at, '
'value_count, value_sum and squares (their sum); of counters least and greatest value instead of the sums; and '
'window_flags_sql. NULL: it has none.';

CREATE OR REPLACE FUNCTION health_internal.event_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        $sql$
        SELECT history.agent_id, names.code, history.told_at, history.event_count
        FROM health_internal.agent_history($5, $6, $7) AS history
        INNER JOIN (VALUES %s) AS names (code, family, name) ON history.family = names.family %s
        WHERE history.told_at > health_internal.step_end($1, $2, $3 - 1000)
            AND history.told_at <= health_internal.step_end($1, $2, $4)
            AND history.family = ANY (%L::text [])
        $sql$,
        string_agg(DISTINCT format(
            '(%s, %L, %L)', numbered.code, numbered.family, numbered.name
        ), ', '),
        -- To take names out of documents is most of reading events, where nothing asks for them.
        CASE WHEN bool_or(numbered.name <> '') THEN 'AND (names.name = '''' OR history.name = names.name)' END,
        array_agg(DISTINCT numbered.family)
    )
    FROM health_internal.numbered_features(p_model_id) AS numbered
    WHERE numbered.source = 'event'
    HAVING count(*) > 0;
$$;
COMMENT ON FUNCTION health_internal.event_rows_sql(bigint) IS
'Query of what is known of a model''s events: agent_id, code, told_at, event_count; NULL: it has none.';

CREATE OR REPLACE FUNCTION health_internal.agent_facts_sql(p_columns text)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN CASE
    WHEN p_columns IS NULL THEN 'SELECT NULL::text AS agent_id WHERE false'
    ELSE format(
        $sql$
        SELECT facts.agent_id %s
        FROM (
            SELECT
                agents.agent_id::text AS agent_id,
                agents.labels || jsonb_strip_nulls(
                    jsonb_build_object('agent_type', agents.agent_type)
                ) AS labels
            FROM health.agents
        ) AS facts
        $sql$,
        p_columns
    )
END;
COMMENT ON FUNCTION health_internal.agent_facts_sql(text) IS
'Query of columns over labels; NULL: of no agent.';

COMMIT;
