-- Rows for features: what the database learnt of each agent, as parameters of one statement say: row k of an agent
-- stands for the time $1 + $2 · k, k from $3 to $4, and cell k for what was received in the step that ends then.
-- $5, $6 and $7 are feature_bounds. Used by health_internal.features_sql.
BEGIN;

SET LOCAL ROLE health_owner;

-- The linter knows no aggregates.
CREATE OR REPLACE AGGREGATE health_internal.merged_spread(double precision []) ( -- noqa: PRS
    SFUNC = float8_combine,
    STYPE = double precision [],
    INITCOND = '{0,0,0}',
    FINALFUNC = float8_stddev_samp
);
COMMENT ON AGGREGATE health_internal.merged_spread(double precision []) IS
'Standard deviation of values of which parts are told by {count, sum, sum of squared differences from their mean}.';

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

CREATE OR REPLACE FUNCTION health_internal.cell_sql(p_time text)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN format('ceil(date_part(''epoch'', %s - $1) / date_part(''epoch'', $2))::integer', p_time);
COMMENT ON FUNCTION health_internal.cell_sql(text) IS 'Expression of the cell that a time is in.';

CREATE OR REPLACE FUNCTION health_internal.metric_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Names come in as literals, and are compared; they are never identifiers.
    -- health_internal.raw_metrics written out: through the function each row would pass two nodes more. Their cell
    -- is looked up among the ends of the steps, which takes a third of the time of reckoning it.
    SELECT string_agg(format(
        $sql$
        SELECT
            logged.agent_id::text AS agent_id, logged.metric_name::text AS name,
            $3 - 8 + width_bucket(logged.received_at, (
                SELECT array_agg($1 + $2 * ends.k + interval '1 microsecond' ORDER BY ends.k)
                FROM generate_series($3 - 8, $4 - 1) AS ends (k)
            )) AS cell,
            1 AS value_count, logged.metric_value::float8 AS value_sum, 0::float8 AS square_sum
        FROM health.performance_metrics AS logged
        WHERE logged.received_at > (SELECT $1 + $2 * ($3 - 8)) AND logged.received_at <= (SELECT $1 + $2 * $4)
            AND %s
            AND logged.metric_name = ANY (%L::text [])
        $sql$,
        parts.condition, asked.names
    ), ' UNION ALL ')
    FROM (
        SELECT array_agg(DISTINCT numbered.name) AS names
        FROM health_internal.numbered_features(p_model_id) AS numbered
        WHERE numbered.source = 'metric'
        HAVING count(*) > 0
    ) AS asked
    CROSS JOIN (
        VALUES
        ('logged.received_at > $6'),
        (
            'logged.received_at <= least($6, greatest($5, upper($7))) '
            'AND (logged.received_at <= $5 OR logged.received_at <@ $7)'
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
        SELECT wide.agent_id, told.name, wide.cell, told.value_count::integer, told.value_sum, told.square_sum
        FROM (
            SELECT beats.agent_id::text AS agent_id, %s AS cell, %s
            FROM health_internal.raw_beats($5, $6, $7) AS beats
            WHERE beats.received_at > (SELECT $1 + $2 * ($3 - 8)) AND beats.received_at <= (SELECT $1 + $2 * $4)
            GROUP BY beats.agent_id, 2
        ) AS wide
        CROSS JOIN LATERAL (VALUES %s) AS told (name, value_count, value_sum, square_sum)
        WHERE told.value_count > 0
        $sql$,
        health_internal.cell_sql('beats.received_at'),
        string_agg(health_internal.beat_sums_sql(wanted.expression, wanted.is_counter, wanted.place), ', '),
        string_agg(
            format(
                '(%L, n%2$s, a%2$s, b%2$s)', health_internal.series_key('heartbeat', wanted.name), wanted.place
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
'Query of a model''s measures of heartbeats that are in no hour, as rows of series_rows_sql; NULL: it has none.';

CREATE OR REPLACE FUNCTION health_internal.series_rows_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        concat_ws(
            ' UNION ALL ', health_internal.metric_rows_sql(p_model_id), health_internal.beat_rows_sql(p_model_id),
            (
                SELECT format(
                    $sql$
                    SELECT
                        hours.agent_id::text, names.name::text, %s, told.value_count, told.value_sum,
                        told.square_sum
                    FROM health_internal.series_hours AS hours
                    CROSS JOIN LATERAL unnest(
                        hours.name_ids, hours.value_counts, hours.value_sums, hours.square_sums
                    ) AS told (name_id, value_count, value_sum, square_sum)
                    INNER JOIN health_internal.series_names AS names ON told.name_id = names.name_id
                    WHERE hours.until_at > (SELECT $1 + $2 * ($3 - 8)) AND hours.until_at <= (SELECT $1 + $2 * $4)
                        AND hours.until_at > $5 AND hours.until_at <= $6
                        AND (hours.until_at - interval '30 minutes' <@ $7) IS NOT TRUE
                        AND names.name = ANY (%L::text [])
                    $sql$,
                    health_internal.cell_sql('hours.until_at'),
                    array_agg(DISTINCT health_internal.series_key(numbered.source, numbered.name))
                )
                FROM health_internal.numbered_features(p_model_id) AS numbered
                WHERE numbered.source IN ('metric', 'heartbeat')
                HAVING count(*) > 0
            )
        ),
        ''
    );
$$;
COMMENT ON FUNCTION health_internal.series_rows_sql(bigint) IS
'Query of what is known of a model''s series: agent_id, name (series_key), cell, value_count, value_sum and '
'square_sum as in series_hours, of raw rows and of hours. Empty: it has none.';

CREATE OR REPLACE FUNCTION health_internal.series_codes_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'VALUES ' || string_agg(DISTINCT format(
        '(%s, %L, %L::boolean)', numbered.code, health_internal.series_key(numbered.source, numbered.name),
        coalesce(measures.is_counter, false)
    ), ', ')
    FROM health_internal.numbered_features(p_model_id) AS numbered
    LEFT JOIN health_internal.heartbeat_measures() AS measures
        ON numbered.source = 'heartbeat' AND numbered.name = measures.name
    WHERE numbered.source IN ('metric', 'heartbeat');
$$;
COMMENT ON FUNCTION health_internal.series_codes_sql(bigint) IS
'Query of a model''s series: code, series_key, and whether it is a counter; NULL: it has none.';

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
        INNER JOIN (VALUES %s) AS names (code, family, name)
            ON history.family = names.family AND (history.name = names.name OR names.name = '')
        WHERE history.told_at > (SELECT $1 + $2 * ($3 - 1000)) AND history.told_at <= (SELECT $1 + $2 * $4)
            AND history.family = ANY (%L::text [])
        $sql$,
        string_agg(DISTINCT format(
            '(%s, %L, %L)', numbered.code, numbered.family, numbered.name
        ), ', '),
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
