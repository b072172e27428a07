-- What a model could be made of: the features that what was recorded allows, by limits rather than by names.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.add_candidates(
    p_model_id bigint, p_from timestamptz, p_until timestamptz, p_step interval, p_limit integer
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_bounds record;
    v_count integer;
BEGIN
    SELECT bounds.* INTO v_bounds FROM health_internal.feature_bounds(p_step) AS bounds;
    WITH hourly AS MATERIALIZED (
        SELECT DISTINCT hours.agent_id, hours.name
        FROM health_internal.hourly_series(
            p_from, p_until, v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept
        ) AS hours
        WHERE health_internal.is_watched(hours.agent_id)
    ),

    metrics AS (
        -- Numbers of features, and with them the draws of a training, are the same whatever the locale.
        SELECT told.name COLLATE "C" AS name, count(DISTINCT told.agent_id) AS agent_count
        FROM (
            SELECT DISTINCT logged.agent_id, logged.name
            FROM health_internal.raw_metrics(
                v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept
            ) AS logged
            WHERE logged.received_at > p_from AND logged.received_at <= p_until
                AND health_internal.is_watched(logged.agent_id)
            UNION ALL
            SELECT hourly.agent_id, hourly.name
            FROM hourly
            WHERE NOT starts_with(hourly.name, health_internal.series_key('heartbeat', ''))
        ) AS told
        GROUP BY told.name
        ORDER BY 2 DESC, 1
        LIMIT 30
    ),

    beats AS (
        SELECT to_jsonb(counted.*) AS counts
        FROM (
            SELECT
                count(told.average_processing_time_ms) AS average_processing_time_ms,
                count(told.cpu_usage_percent) AS cpu_usage_percent,
                count(told.memory_usage_mb) AS memory_usage_mb,
                count(told.memory_usage_mb + told.memory_limit_mb) AS memory_share,
                count(told.error_count) AS error_count,
                count(told.work_items_processed) AS work_items_processed,
                count(told.cost_efficiency) AS cost_efficiency,
                count(told.user_satisfaction) AS user_satisfaction,
                count(told.operational_efficiency) AS operational_efficiency,
                count(told.revenue_impact_usd) AS revenue_impact_usd
            FROM health_internal.raw_beats(
                v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept
            ) AS told
            WHERE told.received_at > p_from AND told.received_at <= p_until
                AND health_internal.is_watched(told.agent_id)
        ) AS counted
    ),

    codes AS (
        SELECT named.*,
            row_number() OVER (PARTITION BY named.family ORDER BY named.agent_count DESC, named.name) AS place
        FROM (
            SELECT history.family, history.name, count(DISTINCT history.agent_id) AS agent_count
            FROM health_internal.agent_history(
                v_bounds.rolled_from, v_bounds.rolled_until, v_bounds.kept
            ) AS history
            WHERE history.told_at > p_from AND history.told_at <= p_until
                AND health_internal.is_watched(history.agent_id)
            GROUP BY history.family, history.name
        ) AS named
    ),

    -- A kind of event that one agent alone has says nothing about others.
    kinds AS (
        SELECT codes.family, codes.name
        FROM codes
        WHERE codes.name <> '' AND codes.agent_count > 1 AND codes.place <= 12
            AND (SELECT count(*) FROM codes AS others WHERE others.family = codes.family) > 1
        UNION ALL
        SELECT DISTINCT codes.family, ''
        FROM codes
        WHERE codes.family <> 'event'
    ),

    facts AS (
        SELECT labels.key AS name, labels.value, jsonb_typeof(labels.value) AS type
        FROM health.agents
        CROSS JOIN LATERAL jsonb_each(
            agents.labels
            || jsonb_strip_nulls(jsonb_build_object('agent_type', agents.agent_type))
        ) AS labels
        WHERE health_internal.is_watched(agents.agent_id)
            AND octet_length(labels.key) <= 200
    ),

    values_of AS (
        SELECT facts.name, facts.value #>> '{}' AS value,
            row_number() OVER (
                PARTITION BY facts.name ORDER BY count(*) DESC, facts.value #>> '{}' COLLATE "C"
            ) AS place,
            count(*) OVER (PARTITION BY facts.name) AS value_count
        FROM facts
        WHERE facts.type IN ('string', 'boolean') AND octet_length(facts.value #>> '{}') <= 200
        GROUP BY facts.name, facts.value
        HAVING count(*) > 1
    ),

    candidates AS (
        SELECT 1 AS kind, 'metric' AS source, '' AS family, metrics.name, measures.measure,
            NULL AS value, measures.place
        FROM metrics
        CROSS JOIN unnest(ARRAY[
            'level', 'mean_3', 'mean_7', 'change_1', 'change_7', 'deviation', 'fleet', 'spread'
        ]) WITH ORDINALITY AS measures (measure, place)
        UNION ALL
        SELECT 1, 'heartbeat', '', measured.name, measures.measure, NULL, measures.place
        FROM health_internal.heartbeat_measures() AS measured
        CROSS JOIN beats
        CROSS JOIN unnest(ARRAY[
            'level', 'mean_3', 'mean_7', 'change_1', 'change_7', 'deviation', 'spread'
        ]) WITH ORDINALITY AS measures (measure, place)
        WHERE (
                (beats.counts ->> measured.name)::bigint > 0
                OR EXISTS (
                    SELECT FROM hourly
                    WHERE hourly.name = health_internal.series_key('heartbeat', measured.name)
                )
            )
            AND NOT (measured.is_counter AND measures.measure IN ('spread', 'deviation'))
        UNION ALL
        SELECT 0, 'event', kinds.family, kinds.name, measures.measure, NULL, measures.place
        FROM kinds
        CROSS JOIN unnest(ARRAY['since', 'count_1', 'count_3', 'count_7', 'total'])
            WITH ORDINALITY AS measures (measure, place)
        WHERE measures.measure <> 'total' OR (kinds.family = 'failure' AND kinds.name = '')
        UNION ALL
        SELECT 0, 'label', '', numbers.name, 'number', NULL, 1
        FROM (
            SELECT facts.name, count(DISTINCT facts.value) AS value_count
            FROM facts
            WHERE facts.type = 'number'
            GROUP BY facts.name
            ORDER BY 2 DESC, 1
            LIMIT 20
        ) AS numbers
        WHERE numbers.value_count > 1
        UNION ALL
        SELECT 0, 'label', '', values_of.name, 'is', values_of.value, 1
        FROM values_of
        WHERE values_of.place <= 8 AND values_of.value_count > 1
    ),

    -- Where there are too many, every series keeps its level before any gets its seventh measure.
    kept AS (
        SELECT candidates.*
        FROM candidates
        ORDER BY candidates.kind, candidates.place, candidates.source, candidates.family,
            candidates.name, candidates.value
        LIMIT p_limit
    )

    INSERT INTO health_internal.failure_features (
        model_id, feature, source, family, name, measure, value
    )
    SELECT
        p_model_id,
        row_number() OVER (
            ORDER BY kept.source, kept.family, kept.name, kept.place, kept.value
        ),
        kept.source, kept.family, kept.name, kept.measure, kept.value
    FROM kept;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.add_candidates(
    bigint, timestamptz, timestamptz, interval, integer
) IS
'Writes the features a model with such a step could use, from what was recorded between two times: 30 metrics of most agents, '
'typed columns of heartbeats, 12 codes of each family of events and any of it, 20 numbers and 8 values of each '
'text among the labels; at most p_limit, which it returns the number of.';

COMMIT;
