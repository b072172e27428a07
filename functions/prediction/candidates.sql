-- What a model could be made of: the record it may see, the step of its rows, and the features that what was
-- recorded allows, by limits rather than by names.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.hourly_series(
    p_from timestamptz,
    p_until timestamptz,
    p_rolled_from timestamptz,
    p_rolled_until timestamptz,
    p_kept tstzmultirange
)
RETURNS TABLE (agent_id text, name text, until_at timestamptz, value_count integer)
LANGUAGE sql
STABLE
AS $$
    SELECT hours.agent_id::text, names.name::text, hours.until_at, told.value_count
    FROM health_internal.series_hours AS hours
    CROSS JOIN LATERAL unnest(hours.name_ids, hours.value_counts) AS told (name_id, value_count)
    INNER JOIN health_internal.series_names AS names ON told.name_id = names.name_id
    WHERE hours.until_at > greatest(p_from, p_rolled_from) AND hours.until_at <= least(p_until, p_rolled_until)
        AND (hours.until_at - interval '30 minutes' <@ p_kept) IS NOT TRUE;
$$;
COMMENT ON FUNCTION health_internal.hourly_series(
    timestamptz, timestamptz, timestamptz, timestamptz, tstzmultirange
) IS
'Which series (series_key) the hours between two times hold, by feature_bounds, and how many values of each.';

CREATE OR REPLACE FUNCTION health_internal.record_of(
    p_until timestamptz,
    p_rolled_from timestamptz,
    p_rolled_until timestamptz,
    p_kept tstzmultirange,
    OUT first_at timestamptz,
    OUT last_at timestamptz,
    OUT cadence_seconds double precision,
    OUT agent_seconds double precision,
    OUT agent_count integer,
    OUT last_times timestamptz [],
    OUT has_hours boolean
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The series of most agents stands for the rest: a metric, or the heartbeats.
    WITH named AS (
        SELECT told.agent_id, told.name, min(told.first_at) AS first_at, max(told.last_at) AS last_at,
            sum(told.value_count) AS value_count
        FROM (
            SELECT logged.agent_id, logged.name, min(logged.received_at) AS first_at,
                max(logged.received_at) AS last_at, count(*) AS value_count
            FROM health_internal.raw_metrics(p_rolled_from, p_rolled_until, p_kept) AS logged
            WHERE logged.received_at <= p_until
            GROUP BY logged.agent_id, logged.name
            UNION ALL
            SELECT beats.agent_id::text, '', min(beats.received_at), max(beats.received_at), count(*)
            FROM health_internal.raw_beats(p_rolled_from, p_rolled_until, p_kept) AS beats
            WHERE beats.received_at <= p_until
            GROUP BY beats.agent_id
            UNION ALL
            SELECT hours.agent_id, hours.name, min(hours.until_at), max(hours.until_at), sum(hours.value_count)
            FROM health_internal.hourly_series(
                '-infinity', p_until, p_rolled_from, p_rolled_until, p_kept
            ) AS hours
            GROUP BY hours.agent_id, hours.name
        ) AS told
        WHERE health_internal.is_watched(told.agent_id)
        GROUP BY told.agent_id, told.name
    ),

    paced AS (
        SELECT
            named.*,
            date_part('epoch', named.last_at - named.first_at) AS seconds,
            date_part('epoch', named.last_at - named.first_at) / nullif(named.value_count - 1, 0) AS gap
        FROM named
    ),

    chosen AS (
        SELECT
            paced.name,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY paced.gap) AS gap,
            sum(paced.seconds) AS agent_seconds,
            count(*) AS agent_count
        FROM paced
        GROUP BY paced.name
        ORDER BY count(*) DESC, sum(paced.value_count) DESC, paced.name
        LIMIT 1
    ),

    told AS (
        SELECT min(history.told_at) AS first_at, max(history.told_at) AS last_at,
            count(DISTINCT history.agent_id) AS agent_count
        FROM health_internal.agent_history(p_rolled_from, p_rolled_until, p_kept) AS history
        WHERE history.told_at <= p_until AND health_internal.is_watched(history.agent_id)
    )

    SELECT
        coalesce(min(paced.first_at), (SELECT told.first_at FROM told)),
        greatest(max(paced.last_at), (SELECT told.last_at FROM told)),
        (SELECT chosen.gap FROM chosen),
        coalesce(
            (SELECT chosen.agent_seconds FROM chosen),
            (SELECT told.agent_count * date_part('epoch', told.last_at - told.first_at) FROM told)
        ),
        coalesce((SELECT chosen.agent_count FROM chosen), (SELECT told.agent_count FROM told)),
        ARRAY(
            SELECT told_last.last_at
            FROM paced AS told_last
            INNER JOIN chosen ON told_last.name = chosen.name
            ORDER BY told_last.last_at DESC
            LIMIT 1000
        ),
        EXISTS (
            SELECT FROM health_internal.series_hours AS hours
            WHERE hours.until_at > p_rolled_from AND hours.until_at <= least(p_until, p_rolled_until)
        )
    FROM paced;
$$;
COMMENT ON FUNCTION health_internal.record_of(timestamptz, timestamptz, timestamptz, tstzmultirange) IS
'What was recorded until then, by feature_bounds: from when to when, the median gap between values of the series '
'that most agents have, for how many agent-seconds, of how many agents, when it was last told, and whether some of it '
'is left by the hour only.';

CREATE OR REPLACE FUNCTION health_internal.choose_step(
    p_horizon interval,
    p_cadence_seconds double precision,
    p_agent_seconds double precision,
    p_agent_count integer,
    p_max_rows integer
)
RETURNS interval
LANGUAGE sql
IMMUTABLE
AS $$
    -- The finest step that the data carry, a tenth of the horizon at least, that keeps within the rows.
    SELECT make_interval(secs => coalesce(
        min(steps.seconds) FILTER (
            WHERE p_agent_seconds / steps.seconds + p_agent_count <= p_max_rows
        ),
        max(steps.seconds)
    ))
    FROM unnest(ARRAY[
        60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 259200, 604800
    ]::double precision []) AS steps (seconds)
    WHERE steps.seconds >= least(604800, greatest(
        0.9 * coalesce(p_cadence_seconds, 0), date_part('epoch', p_horizon) / 10
    ))
        AND steps.seconds <= greatest(
            60,
            least(86400, date_part('epoch', p_horizon)),
            -- Where even these are finer than the data.
            least(604800, 2.8 * coalesce(p_cadence_seconds, 0)),
            date_part('epoch', p_horizon) / 4
        );
$$;
COMMENT ON FUNCTION health_internal.choose_step(
    interval, double precision, double precision, integer, integer
) IS
'Time between two rows of an agent, if the caller names none: from 1 minute to 1 week, not finer than the data '
'or than a tenth of the horizon, and a day or the horizon at most unless the data are coarser.';

CREATE OR REPLACE FUNCTION health_internal.choose_anchor(
    p_end timestamptz,
    p_step interval,
    p_cadence_seconds double precision,
    p_last_times timestamptz []
)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE
AS $$
    -- Where values come about as seldom as rows, a row stands at the time of a value, as whoever asks then
    -- will; else rows count back from the end of the record.
    SELECT CASE
        WHEN p_cadence_seconds >= 0.5 * date_part('epoch', p_step) THEN coalesce(
            (
                SELECT p_end - make_interval(secs => phases.seconds_back::double precision)
                FROM (
                    SELECT round((date_part('epoch', p_end - times.last_at))::numeric, 6)
                        % date_part('epoch', p_step)::numeric AS seconds_back
                    FROM unnest(p_last_times) AS times (last_at)
                ) AS phases
                GROUP BY phases.seconds_back
                ORDER BY count(*) DESC, phases.seconds_back
                LIMIT 1
            ),
            p_end
        )
        ELSE p_end
    END;
$$;
COMMENT ON FUNCTION health_internal.choose_anchor(
    timestamptz, interval, double precision, timestamptz []
) IS
'Time of the last row, from which the others count back in steps.';

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
