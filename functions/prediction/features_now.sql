-- Features of one moment, for predicting: each source is read once, a series of an agent becomes one row, and the
-- steps of its windows are filters of that one pass. They are what features_of_steps gives for the same step.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.present_series_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- m0 is the mean of the last step, m7 that of the oldest. OFFSET 0 keeps an expression from being reckoned
    -- again wherever it is named. What no feature asks for is not reckoned at all.
    SELECT CASE WHEN health_internal.series_rows_sql(p_model_id) <> '' THEN format(
        $sql$
        SELECT
            spread_out.*,
            health_internal.difference(spread_out.level, spread_out.before) AS change_1,
            health_internal.difference(spread_out.level, spread_out.past) AS change_7,
            health_internal.deviation(spread_out.level, spread_out.past, spread_out.past_spread) AS deviation
        FROM (
            SELECT
                means.agent_id, means.code, means.m0 AS level, means.m1 AS before, means.spread,
                means.is_seen, means.mean_3, means.mean_7, means.past,
                sqrt((%1$s) / nullif(means.past_count - 1, 0)) AS past_spread
            FROM (
                SELECT
                    steps.*,
                    num_nonnulls(%2$s) > 0 AS is_seen,
                    (coalesce(m0, 0) + coalesce(m1, 0) + coalesce(m2, 0))
                    / nullif(num_nonnulls(m0, m1, m2), 0) AS mean_3,
                    (%3$s) / nullif(num_nonnulls(%2$s), 0) AS mean_7,
                    (%4$s) / nullif(num_nonnulls(%5$s), 0) AS past,
                    num_nonnulls(%5$s) AS past_count
                FROM (
                    SELECT
                        sums.agent_id, codes.code,
                        CASE WHEN NOT codes.is_counter THEN sums.spread END AS spread, %6$s
                    FROM (
                        SELECT told.agent_id, told.name, %7$s
                        FROM (%8$s OFFSET 0) AS told
                        GROUP BY told.agent_id, told.name
                    ) AS sums
                    INNER JOIN (%9$s) AS codes (code, name, is_counter) ON sums.name = codes.name
                    OFFSET 0
                ) AS steps
                OFFSET 0
            ) AS means
            OFFSET 0
        ) AS spread_out
        $sql$,
        (
            SELECT string_agg(format('coalesce((m%1$s - past) * (m%1$s - past), 0)', age), ' + ')
            FROM generate_series(1, 7) AS ages (age)
        ),
        (SELECT string_agg('m' || age, ', ') FROM generate_series(0, 6) AS ages (age)),
        (SELECT string_agg(format('coalesce(m%s, 0)', age), ' + ') FROM generate_series(0, 6) AS ages (age)),
        (SELECT string_agg(format('coalesce(m%s, 0)', age), ' + ') FROM generate_series(1, 7) AS ages (age)),
        (SELECT string_agg('m' || age, ', ') FROM generate_series(1, 7) AS ages (age)),
        (
            SELECT string_agg(format(
                CASE
                    WHEN asked.has_counters
                        THEN 'CASE WHEN codes.is_counter THEN b%1$s - a%1$s ELSE s%1$s / n%1$s END AS m%1$s'
                    ELSE 's%1$s / n%1$s AS m%1$s'
                END,
                ages.age
            ), ', ')
            FROM generate_series(0, 7) AS ages (age)
        ),
        (
            SELECT string_agg(format(
                'sum(told.value_sum) FILTER (WHERE told.cell = $4 - %1$s) AS s%1$s, '
                'sum(told.value_count) FILTER (WHERE told.cell = $4 - %1$s) AS n%1$s'
                || CASE
                    WHEN asked.has_counters THEN
                        ', min(told.value_sum) FILTER (WHERE told.cell = $4 - %1$s) AS a%1$s, '
                        'max(told.square_sum) FILTER (WHERE told.cell = $4 - %1$s) AS b%1$s'
                    ELSE ''
                END,
                ages.age
            ), ', ')
            FROM generate_series(0, 7) AS ages (age)
        ) || CASE
            WHEN asked.has_spreads THEN
                ', health_internal.merged_spread(ARRAY[told.value_count, told.value_sum, told.square_sum]) '
                'FILTER (WHERE told.cell = $4) AS spread'
            ELSE ', NULL::float8 AS spread'
        END,
        health_internal.series_rows_sql(p_model_id),
        health_internal.series_codes_sql(p_model_id)
    ) ELSE 'SELECT NULL::text AS agent_id, 0 AS code, false AS is_seen WHERE false' END
    FROM (
        SELECT
            bool_or(measures.is_counter) IS TRUE AS has_counters,
            bool_or(numbered.measure = 'spread') IS TRUE AS has_spreads
        FROM health_internal.numbered_features(p_model_id) AS numbered
        LEFT JOIN health_internal.heartbeat_measures() AS measures
            ON numbered.source = 'heartbeat' AND numbered.name = measures.name
    ) AS asked;
$$;
COMMENT ON FUNCTION health_internal.present_series_sql(bigint) IS
'Query of a model''s series at step $4: agent_id, code, a column for each measure but fleet, and is_seen: whether '
'there was a value in the last seven steps.';

CREATE OR REPLACE FUNCTION health_internal.present_events_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN health_internal.event_rows_sql(p_model_id) IS NOT NULL THEN format(
        $sql$
        SELECT
            history.agent_id,
            history.code,
            %s AS since,
            sum(history.event_count) FILTER (WHERE history.told_at > $1 + $2 * ($4 - 1)) AS count_1,
            sum(history.event_count) FILTER (WHERE history.told_at > $1 + $2 * ($4 - 3)) AS count_3,
            sum(history.event_count) FILTER (WHERE history.told_at > $1 + $2 * ($4 - 7)) AS count_7,
            sum(history.event_count) AS total,
            max(history.told_at) > $1 + $2 * ($4 - 7) AS is_seen
        FROM (%s) AS history
        GROUP BY history.agent_id, history.code
        $sql$,
        health_internal.since_sql(
            '$4 - date_part(''epoch'', max(history.told_at) - $1) / date_part(''epoch'', $2)'
        ),
        health_internal.event_rows_sql(p_model_id)
    ) ELSE 'SELECT NULL::text AS agent_id, 0 AS code, false AS is_seen WHERE false' END;
$$;
COMMENT ON FUNCTION health_internal.present_events_sql(bigint) IS
'Query of a model''s events at step $4: agent_id, code, a column for each measure, and is_seen: whether there was '
'one in the last seven steps.';

CREATE OR REPLACE FUNCTION health_internal.features_now_sql(p_model_id bigint)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- An agent that fell silent is still predicted for the length of the windows, but teaches nothing.
    SELECT format(
        $sql$
        WITH of_series AS (
            SELECT series.agent_id, bool_or(series.is_seen) AS is_seen %1$s
            FROM (%2$s) AS series
            GROUP BY series.agent_id
        ),

        of_events AS (
            SELECT told.agent_id, bool_or(told.is_seen) AS is_seen %3$s
            FROM (%4$s) AS told
            GROUP BY told.agent_id
        ),

        of_agents AS (%5$s),

        of_fleet AS (SELECT count(*) AS agent_count %6$s FROM of_series)

        SELECT agent_id, $4::integer AS k %7$s
        FROM of_series
        FULL JOIN of_events USING (agent_id)
        LEFT JOIN of_agents USING (agent_id)
        CROSS JOIN of_fleet
        WHERE (of_series.is_seen OR of_events.is_seen) AND health_internal.is_watched(agent_id)
        OFFSET 0
        $sql$,
        columns.of_series,
        health_internal.present_series_sql(p_model_id),
        columns.of_events,
        health_internal.present_events_sql(p_model_id),
        health_internal.agent_facts_sql(columns.of_agents),
        columns.of_fleet,
        columns.of_all
    )
    FROM health_internal.feature_columns(p_model_id, true) AS columns;
$$;
COMMENT ON FUNCTION health_internal.features_now_sql(bigint) IS
'Query of a model''s features at one step: as features_of_steps_sql with $3 = $4, and agents that told nothing for '
'up to six steps.';

COMMIT;
