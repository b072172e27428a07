-- Baselines from history: what is stored of series, and what is usual in it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.stored_minutes(
    p_agent_id text,
    p_metric_name text,
    p_from timestamptz,
    p_until timestamptz
)
RETURNS TABLE (
    agent_id text,
    metric_name text,
    minute_at timestamptz,
    point_value double precision
)
LANGUAGE sql
STABLE
AS $$
    WITH stored AS (
        SELECT
            beats.agent_id::text AS agent_id,
            columns.metric_name,
            beats.received_at,
            columns.point_value
        FROM (
            SELECT
                own.agent_id, own.received_at, own.average_processing_time_ms,
                own.cpu_usage_percent, own.memory_usage_mb, own.cost_efficiency,
                own.user_satisfaction, own.operational_efficiency, own.revenue_impact_usd
            FROM health.agent_heartbeats AS own
            UNION ALL
            SELECT
                copied.agent_id, copied.received_at, copied.average_processing_time_ms,
                copied.cpu_usage_percent, copied.memory_usage_mb, copied.cost_efficiency,
                copied.user_satisfaction, copied.operational_efficiency, copied.revenue_impact_usd
            FROM health.ingest_heartbeats AS copied
        ) AS beats
        CROSS JOIN LATERAL (
            VALUES
            ('average_processing_time_ms', beats.average_processing_time_ms::double precision),
            ('cpu_usage_percent', beats.cpu_usage_percent::double precision),
            ('memory_usage_mb', beats.memory_usage_mb::double precision),
            ('cost_efficiency', beats.cost_efficiency::double precision),
            ('user_satisfaction', beats.user_satisfaction::double precision),
            ('operational_efficiency', beats.operational_efficiency::double precision),
            ('revenue_impact_usd', beats.revenue_impact_usd::double precision)
        ) AS columns (metric_name, point_value)
        WHERE columns.point_value IS NOT NULL
            AND beats.received_at >= p_from AND beats.received_at < p_until
            AND (p_agent_id IS NULL OR beats.agent_id = p_agent_id)
        UNION ALL
        SELECT
            logged.agent_id::text, logged.metric_name::text, logged.received_at,
            logged.metric_value::double precision
        FROM health.performance_metrics AS logged
        WHERE logged.received_at >= p_from AND logged.received_at < p_until
            AND (p_agent_id IS NULL OR logged.agent_id = p_agent_id)
    ),

    means AS (
        SELECT
            stored.agent_id,
            stored.metric_name,
            date_bin(interval '1 minute', stored.received_at, '2000-01-01 00:00:00+00')
                AS minute_at,
            avg(stored.point_value) AS mean
        FROM stored
        WHERE (p_metric_name IS NULL OR stored.metric_name = p_metric_name)
            AND (
                p_agent_id IS NOT NULL
                OR EXISTS (
                    SELECT FROM health_internal.series
                    WHERE series.agent_id = stored.agent_id
                        AND series.metric_name = stored.metric_name
                        AND series.is_watched
                )
            )
        GROUP BY stored.agent_id, stored.metric_name, minute_at
    ),

    points AS (
        SELECT
            means.agent_id,
            means.metric_name,
            means.minute_at,
            CASE
                WHEN NOT health_internal.is_counter_name(means.metric_name) THEN means.mean
                WHEN means.mean >= lag(means.mean) OVER of_series
                    THEN (means.mean - lag(means.mean) OVER of_series) * 60
                        / date_part('epoch', means.minute_at - lag(means.minute_at) OVER of_series)
            END AS point_value
        FROM means
        WINDOW of_series AS (
            PARTITION BY means.agent_id, means.metric_name ORDER BY means.minute_at
        )
    )

    SELECT points.agent_id, points.metric_name, points.minute_at, points.point_value
    FROM points
    WHERE points.point_value IS NOT NULL;
$$;
COMMENT ON FUNCTION health_internal.stored_minutes(text, text, timestamptz, timestamptz) IS
'The points of series as the live watch would make them from the rows stored between two times: means per '
'minute, of counters the growth. Without p_agent_id those of all watched series.';

CREATE OR REPLACE FUNCTION health.establish_baselines(
    p_agent_id text DEFAULT NULL,
    p_metric_name text DEFAULT NULL,
    p_from timestamptz DEFAULT NULL,
    p_until timestamptz DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    agent_id text,
    metric_name text,
    hour_count bigint,
    value_count bigint,
    first_at timestamptz,
    last_at timestamptz,
    median double precision
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_from constant timestamptz := coalesce(p_from, '-infinity');
    -- What the live watch has still to judge it will learn from by itself.
    v_until constant timestamptz := least(
        coalesce(p_until, p_now),
        (SELECT nullif(cursor.stepped_until, '-infinity') FROM health_internal.series_cursor AS cursor)
    );
BEGIN
    IF NOT coalesce(v_from < coalesce(p_until, p_now), false) THEN
        RAISE EXCEPTION 'a baseline is learnt from one time to a later one'
            USING ERRCODE = 'EN002',
                DETAIL = format('Asked for %s to %s.', v_from, coalesce(p_until, p_now)),
                HINT = 'Leave the times out to learn from all that is stored.';
    END IF;
    RETURN QUERY
    WITH points AS MATERIALIZED (
        SELECT
            stored.agent_id, stored.metric_name, stored.minute_at, stored.point_value,
            health_internal.hour_of_week(stored.minute_at) AS hour_of_week
        FROM health_internal.stored_minutes(p_agent_id, p_metric_name, v_from, v_until) AS stored
    ),

    centers AS MATERIALIZED (
        SELECT
            points.agent_id, points.metric_name, points.hour_of_week,
            count(*) AS value_count,
            max(points.minute_at) AS updated_at,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY points.point_value) AS center
        FROM points
        GROUP BY points.agent_id, points.metric_name, points.hour_of_week
    ),

    spreads AS (
        SELECT
            centers.agent_id, centers.metric_name, centers.hour_of_week,
            1.4826 * percentile_cont(0.5) WITHIN GROUP (
                ORDER BY abs(points.point_value - centers.center)
            ) AS spread
        FROM centers
        INNER JOIN points
            ON centers.agent_id = points.agent_id
            AND centers.metric_name = points.metric_name
            AND centers.hour_of_week = points.hour_of_week
        GROUP BY centers.agent_id, centers.metric_name, centers.hour_of_week
    ),

    kept AS (
        INSERT INTO health.baselines AS known (
            agent_id, metric_name, hour_of_week, value_count, center, spread, updated_at,
            established_at
        )
        SELECT
            centers.agent_id, centers.metric_name, centers.hour_of_week, centers.value_count,
            centers.center, spreads.spread, centers.updated_at, p_now
        FROM centers
        INNER JOIN spreads
            ON centers.agent_id = spreads.agent_id
            AND centers.metric_name = spreads.metric_name
            AND centers.hour_of_week = spreads.hour_of_week
        ON CONFLICT ON CONSTRAINT baselines_pkey DO UPDATE SET
            value_count = excluded.value_count,
            center = excluded.center,
            spread = excluded.spread,
            updated_at = excluded.updated_at,
            established_at = excluded.established_at
    )

    SELECT
        points.agent_id, points.metric_name, count(DISTINCT points.hour_of_week), count(*),
        min(points.minute_at), max(points.minute_at),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY points.point_value)
    FROM points
    GROUP BY points.agent_id, points.metric_name
    ORDER BY points.agent_id, points.metric_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'nothing is stored to learn a baseline from: %', concat_ws(
            ', ',
            coalesce('agent "' || p_agent_id || '"', 'all watched series'),
            'metric "' || p_metric_name || '"'
        )
            USING ERRCODE = 'SE001',
                DETAIL = format('Looked from %s to %s.', v_from, v_until),
                HINT = 'Check the names in health.series; history older than settings.raw_retention '
                    'is loaded with health.load_history and INSERTs.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health.establish_baselines(text, text, timestamptz, timestamptz, timestamptz) IS
'Learns baselines from what is stored between two times (all of it by default), in one statement: per '
'series and hour of the week the median of its per-minute means, and 1.4826 × the median absolute '
'deviation from it. Replaces those hours; the minutes to come move them. p_agent_id NULL: every watched '
'series; p_metric_name NULL: every metric of the agent. Returns what it learnt, a row per series. Raises '
'EN002 for times that make no range, SE001 where nothing is stored.';

GRANT EXECUTE ON FUNCTION health.establish_baselines(
    text, text, timestamptz, timestamptz, timestamptz
) TO health_admin;

COMMIT;
