-- From raw rows to minutes of series: what arrived for those that are watched, exactly once. The collection follows
-- the fold with a cursor of its own: it reads the rows that ticks have folded since the last collection, by
-- the same rule, in a transaction of its own. The fold itself pays nothing.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.uncollected_range(
    p_cursor health_internal.series_cursor,
    p_engine health_internal.engine,
    p_received_from timestamptz
)
RETURNS health_internal.arrival_range
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    v_range health_internal.arrival_range;
    -- After a restore or an upgrade the tick has marked what it folded anew; see adopt_rows.
    v_is_same_cluster constant boolean := p_cursor.system_identifier = p_engine.system_identifier;
    v_since constant pg_snapshot := CASE
        WHEN v_is_same_cluster THEN p_cursor.folded_until ELSE '4:4:'
    END;
    v_last_own constant xid8 := CASE WHEN v_is_same_cluster THEN p_cursor.own_xid END;
BEGIN
    v_range.received_from := p_received_from;
    v_range.from_xmax := pg_snapshot_xmax(v_since);
    v_range.in_progress := ARRAY(SELECT pg_snapshot_xip(v_since));
    v_range.until := p_engine.folded_until;
    -- Of the last tick's own transaction what it had written before it folded.
    v_range.own_xid := p_engine.own_xid;
    v_range.own_from := CASE
        WHEN p_engine.own_xid = v_last_own THEN p_cursor.own_from ELSE 0
    END;
    v_range.own_until := p_engine.own_from - 1;
    v_range.last_own_xid := v_last_own;
    v_range.last_own_from := p_cursor.own_from;
    RETURN v_range;
END;
$$;
COMMENT ON FUNCTION health_internal.uncollected_range(
    health_internal.series_cursor, health_internal.engine, timestamptz
) IS
'What ticks have folded and no collection has read: between the snapshot of the last collection and that '
'of the last tick.';

CREATE OR REPLACE FUNCTION health_internal.collect_minutes(
    p_range health_internal.arrival_range,
    p_stepped_until timestamptz
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
-- Hashes alone: a loop over what arrived is never a good plan, whatever is thought to have arrived.
SET enable_nestloop = off
SET enable_mergejoin = off
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    v_columns text [];
    v_count bigint;
BEGIN
    v_columns := ARRAY(
        SELECT DISTINCT series.metric_name
        FROM health_internal.series
        WHERE series.is_watched AND series.source = 'heartbeat'
    );

    WITH beats AS (
        SELECT
            arrived.agent_id,
            date_bin(interval '1 minute', arrived.received_at, '2000-01-01 00:00:00+00')
                AS minute_at,
            sum(arrived.average_processing_time_ms) AS processing_sum,
            count(arrived.average_processing_time_ms) AS processing_count,
            sum(arrived.cpu_usage_percent) AS cpu_sum,
            count(arrived.cpu_usage_percent) AS cpu_count,
            sum(arrived.memory_usage_mb) AS memory_sum,
            count(arrived.memory_usage_mb) AS memory_count,
            sum(arrived.cost_efficiency) AS cost_sum,
            count(arrived.cost_efficiency) AS cost_count,
            sum(arrived.user_satisfaction) AS satisfaction_sum,
            count(arrived.user_satisfaction) AS satisfaction_count,
            sum(arrived.operational_efficiency) AS operational_sum,
            count(arrived.operational_efficiency) AS operational_count,
            sum(arrived.revenue_impact_usd) AS revenue_sum,
            count(arrived.revenue_impact_usd) AS revenue_count
        FROM health_internal.arrived_heartbeats(p_range) AS arrived
        WHERE v_columns <> '{}'
            AND arrived.agent_id IN (
                SELECT series.agent_id FROM health_internal.series
                WHERE series.is_watched AND series.source = 'heartbeat'
            )
        GROUP BY arrived.agent_id, minute_at
    ),

    arrived AS (
        SELECT
            beats.agent_id, columns.metric_name, beats.minute_at, columns.value_sum,
            columns.value_count
        FROM beats
        CROSS JOIN LATERAL (
            VALUES
            ('average_processing_time_ms', beats.processing_sum, beats.processing_count),
            ('cpu_usage_percent', beats.cpu_sum, beats.cpu_count),
            ('memory_usage_mb', beats.memory_sum, beats.memory_count),
            ('cost_efficiency', beats.cost_sum, beats.cost_count),
            ('user_satisfaction', beats.satisfaction_sum, beats.satisfaction_count),
            ('operational_efficiency', beats.operational_sum, beats.operational_count),
            ('revenue_impact_usd', beats.revenue_sum, beats.revenue_count)
        ) AS columns (metric_name, value_sum, value_count)
        WHERE columns.value_count > 0 AND columns.metric_name = ANY (v_columns)
        UNION ALL
        SELECT
            logged.agent_id,
            logged.metric_name,
            date_bin(interval '1 minute', logged.received_at, '2000-01-01 00:00:00+00') AS minute_at,
            sum(logged.metric_value),
            count(*)
        FROM health_internal.arrived_metrics(p_range) AS logged
        WHERE logged.received_at >= (p_range).received_from
        GROUP BY logged.agent_id, logged.metric_name, minute_at
    ),

    watched AS MATERIALIZED (
        SELECT series.series_id, arrived.minute_at, arrived.value_sum, arrived.value_count
        FROM arrived
        INNER JOIN health_internal.series
            ON arrived.agent_id = series.agent_id AND arrived.metric_name = series.metric_name
        WHERE series.is_watched
    ),

    -- What comes when its minute was judged is counted, and left out.
    late AS (
        UPDATE health_internal.series_states AS states
        SET late_value_count = states.late_value_count + missed.value_count
        FROM (
            SELECT watched.series_id, sum(watched.value_count) AS value_count
            FROM watched
            WHERE watched.minute_at < p_stepped_until
            GROUP BY watched.series_id
        ) AS missed
        WHERE states.series_id = missed.series_id
    )

    INSERT INTO health_internal.series_minutes (minute_at, series_id, value_sum, value_count)
    SELECT watched.minute_at, watched.series_id, watched.value_sum, watched.value_count
    FROM watched
    WHERE watched.minute_at >= p_stepped_until
    ORDER BY watched.minute_at, watched.series_id;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.collect_minutes(health_internal.arrival_range, timestamptz) IS
'Adds what arrived to the minutes of the series that are watched. Rows received before '
'p_range.received_from are history and left out; values of minutes before p_stepped_until are too late '
'and only counted. Returns how many rows of series_minutes it wrote.';

COMMIT;
