-- What is stored of an agent, as series: means of minutes, growth of counters, as the live watch makes them.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.is_counter_name(p_metric_name text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_metric_name LIKE '%\_total';
COMMENT ON FUNCTION health_internal.is_counter_name(text) IS
'Whether a metric is a counter: by OpenMetrics'' convention its name ends in _total.';

CREATE OR REPLACE FUNCTION health_internal.series_until(
    p_agent_id text,
    p_metric_name text,
    p_until timestamptz
)
RETURNS TABLE (metric_name text, at timestamptz [], metric_value double precision [])
LANGUAGE sql
STABLE
AS $$
    WITH beats AS (
        SELECT
            stored.*,
            stored.work_items_processed - lag(stored.work_items_processed) OVER by_run AS more_items,
            stored.error_count - lag(stored.error_count) OVER by_run AS more_errors
        FROM (
            SELECT
                beats.received_at, beats.run_id, beats.average_processing_time_ms,
                beats.cpu_usage_percent, beats.memory_usage_mb, beats.cost_efficiency,
                beats.user_satisfaction, beats.operational_efficiency, beats.revenue_impact_usd,
                beats.work_items_processed, beats.error_count
            FROM health.agent_heartbeats AS beats
            WHERE beats.agent_id = p_agent_id AND beats.received_at <= p_until
            UNION ALL
            SELECT
                beats.received_at, beats.run_id, beats.average_processing_time_ms,
                beats.cpu_usage_percent, beats.memory_usage_mb, beats.cost_efficiency,
                beats.user_satisfaction, beats.operational_efficiency, beats.revenue_impact_usd,
                beats.work_items_processed, beats.error_count
            FROM health.ingest_heartbeats AS beats
            WHERE beats.agent_id = p_agent_id AND beats.received_at <= p_until
        ) AS stored
        WHERE p_metric_name IS NULL OR p_metric_name = ANY (ARRAY[
            'average_processing_time_ms', 'cpu_usage_percent', 'memory_usage_mb', 'cost_efficiency',
            'user_satisfaction', 'operational_efficiency', 'revenue_impact_usd',
            'work_items_processed', 'error_count'
        ])
        WINDOW by_run AS (PARTITION BY stored.run_id ORDER BY stored.received_at)
    ),

    stored AS (
        SELECT
            metrics.metric_name::text AS metric_name,
            coalesce(metrics.recorded_at, metrics.received_at) AS at,
            metrics.metric_value::double precision AS metric_value
        FROM health.performance_metrics AS metrics
        WHERE metrics.agent_id = p_agent_id
            AND (p_metric_name IS NULL OR metrics.metric_name = p_metric_name)
            AND metrics.received_at <= p_until + interval '1 day'
            AND coalesce(metrics.recorded_at, metrics.received_at) <= p_until
        UNION ALL
        SELECT columns.metric_name, beats.received_at, columns.metric_value
        FROM beats
        -- A counter that falls began anew: what it shows came since.
        CROSS JOIN LATERAL (
            VALUES
            ('average_processing_time_ms', beats.average_processing_time_ms::double precision),
            ('cpu_usage_percent', beats.cpu_usage_percent),
            ('memory_usage_mb', beats.memory_usage_mb),
            ('cost_efficiency', beats.cost_efficiency),
            ('user_satisfaction', beats.user_satisfaction),
            ('operational_efficiency', beats.operational_efficiency),
            ('revenue_impact_usd', beats.revenue_impact_usd),
            (
                'work_items_processed',
                CASE
                    WHEN beats.more_items < 0 THEN beats.work_items_processed ELSE beats.more_items
                END
            ),
            (
                'error_count',
                CASE WHEN beats.more_errors < 0 THEN beats.error_count ELSE beats.more_errors END
            )
        ) AS columns (metric_name, metric_value)
        WHERE columns.metric_value IS NOT NULL
            AND (p_metric_name IS NULL OR columns.metric_name = p_metric_name)
    ),

    counted AS (
        SELECT
            stored.*,
            row_number() OVER () AS place,
            count(*) OVER of_series - 1 > 1.1 * date_part(
                'epoch', max(stored.at) OVER of_series - min(stored.at) OVER of_series
            ) / 60 AS is_dense
        FROM stored
        WINDOW of_series AS (PARTITION BY stored.metric_name)
    ),

    points AS (
        SELECT
            counted.metric_name,
            CASE
                WHEN counted.is_dense THEN date_bin('1 minute', counted.at, timestamptz 'epoch')
                ELSE counted.at
            END AS at,
            avg(counted.metric_value) AS metric_value
        FROM counted
        GROUP BY 1, 2, CASE WHEN counted.is_dense THEN 0 ELSE counted.place END
    ),

    series AS (
        SELECT
            points.metric_name,
            health_internal.is_counter_name(points.metric_name) AS is_counter,
            array_agg(points.at ORDER BY points.at, points.metric_value) AS at,
            array_agg(points.metric_value ORDER BY points.at, points.metric_value)
                AS metric_value
        FROM points
        GROUP BY points.metric_name
    )

    SELECT
        series.metric_name,
        CASE WHEN series.is_counter THEN grown.at ELSE series.at END,
        CASE WHEN series.is_counter THEN grown.metric_value ELSE series.metric_value END
    FROM series
    -- As live: a fall is a new beginning, and that point has no growth.
    LEFT JOIN LATERAL (
        SELECT
            array_agg(readings.at ORDER BY readings.place) AS at,
            array_agg(readings.growth * 60 / readings.seconds ORDER BY readings.place)
                AS metric_value
        FROM (
            SELECT
                stored.at, stored.place,
                stored.reading - lag(stored.reading) OVER by_place AS growth,
                date_part('epoch', stored.at - lag(stored.at) OVER by_place) AS seconds
            FROM unnest(series.at, series.metric_value) WITH ORDINALITY
                AS stored (at, reading, place)
            WINDOW by_place AS (ORDER BY stored.place)
        ) AS readings
        WHERE readings.growth >= 0 AND readings.seconds > 0
    ) AS grown ON series.is_counter
    WHERE NOT series.is_counter OR grown.at IS NOT NULL
$$;
COMMENT ON FUNCTION health_internal.series_until(text, text, timestamptz) IS
'One row per series of the agent (p_metric_name NULL: all) with its stored points up to a time, oldest '
'first: performance_metrics by recorded_at (received_at where NULL), columns of heartbeats by '
'received_at; of the counters work_items_processed and error_count what came since the beat before; of metrics '
'whose name ends in _total the growth per minute since the point before, where there was one and it did not '
'fall. A series of more than 1.1 points a minute is given as means per minute (stamped with its beginning), as '
'the live fold makes them; any other as it is.';

GRANT EXECUTE ON FUNCTION health_internal.is_counter_name(text) TO health_analyst, health_bridge;

COMMIT;
