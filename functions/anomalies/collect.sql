-- From raw rows to minutes of series: which series are watched, and what arrived for them, exactly once.
-- The collection follows the fold with a cursor of its own: it reads the rows that ticks have folded since
-- the last collection, by the same rule, in a transaction of its own. The fold itself pays nothing.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.is_counter_name(p_metric_name text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_metric_name LIKE '%\_total';
COMMENT ON FUNCTION health_internal.is_counter_name(text) IS
'Whether a metric is a counter: by OpenMetrics'' convention its name ends in _total.';

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
    p_now timestamptz,
    p_range health_internal.arrival_range,
    p_stepped_until timestamptz
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    v_room bigint;
    v_count bigint;
BEGIN
    SELECT greatest(0, settings.series_limit - watched.series_count), watched.series_count
    INTO STRICT v_room, v_count
    FROM health.settings
    CROSS JOIN (
        SELECT count(*) AS series_count FROM health_internal.series WHERE series.is_watched
    ) AS watched;
    IF v_room = 0 AND v_count = 0 THEN
        RETURN 0;
    END IF;

    WITH beats AS MATERIALIZED (
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
        -- Without room for more, others are not looked at.
        WHERE v_room > 0
            OR arrived.agent_id IN (
                SELECT series.agent_id FROM health_internal.series
                WHERE series.is_watched AND series.source = 'heartbeat'
            )
        GROUP BY arrived.agent_id, minute_at
    ),

    arrived AS MATERIALIZED (
        SELECT
            beats.agent_id,
            columns.metric_name,
            'heartbeat' AS source,
            beats.minute_at,
            columns.value_sum,
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
        WHERE columns.value_count > 0
        UNION ALL
        SELECT
            logged.agent_id,
            logged.metric_name,
            'metric',
            date_bin(interval '1 minute', logged.received_at, '2000-01-01 00:00:00+00') AS minute_at,
            sum(logged.metric_value),
            count(*)
        FROM health_internal.arrived_metrics(p_range) AS logged
        WHERE logged.received_at >= (p_range).received_from
        GROUP BY logged.agent_id, logged.metric_name, minute_at
    ),

    -- What is not known yet, and what its agent's policy says of it.
    strangers AS (
        SELECT
            arrived.agent_id,
            arrived.metric_name,
            min(arrived.source) AS source,
            sum(arrived.value_count) AS value_count
        FROM arrived
        LEFT JOIN health_internal.series
            ON arrived.agent_id = series.agent_id AND arrived.metric_name = series.metric_name
        WHERE series.series_id IS NULL
            AND arrived.agent_id <> 'heartbeat_health_agent'
            AND NOT starts_with(arrived.agent_id, 'bridge:')
        GROUP BY arrived.agent_id, arrived.metric_name
    ),

    allowed AS (
        SELECT
            strangers.*,
            policy.anomaly_metrics_limit,
            known.value_count IS NULL AS is_unfolded,
            CASE
                WHEN strangers.source = 'metric' THEN row_number() OVER (
                    PARTITION BY strangers.agent_id, strangers.source, known.value_count >= 3
                    ORDER BY strangers.metric_name
                ) + coalesce(others.series_count, 0)
                ELSE 0
            END AS place_in_agent
        FROM strangers
        INNER JOIN health.agent_status AS status ON strangers.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        LEFT JOIN health_internal.metric_series AS known
            ON strangers.agent_id = known.agent_id AND strangers.metric_name = known.metric_name
        LEFT JOIN (
            SELECT series.agent_id, count(*) AS series_count
            FROM health_internal.series
            WHERE series.is_watched AND series.source = 'metric'
            GROUP BY series.agent_id
        ) AS others ON strangers.agent_id = others.agent_id
        -- A name must have come three times: what comes once is no series.
        WHERE CASE strangers.source
            WHEN 'heartbeat' THEN strangers.metric_name = ANY (policy.anomaly_columns)
            ELSE policy.anomaly_metrics_limit > 0 AND coalesce(known.value_count, 3) >= 3
        END
    ),

    placed AS (
        SELECT
            allowed.*,
            CASE
                WHEN allowed.source = 'metric' AND allowed.is_unfolded THEN 'name_limit'
                WHEN allowed.place_in_agent > allowed.anomaly_metrics_limit THEN 'agent_limit'
                WHEN row_number() OVER (
                    PARTITION BY
                        allowed.place_in_agent > allowed.anomaly_metrics_limit,
                        allowed.source = 'metric' AND allowed.is_unfolded
                    -- The dearest first, and an agent's series together.
                    ORDER BY agents.revenue_usd_per_hour DESC NULLS LAST, allowed.agent_id,
                        allowed.source, allowed.metric_name
                ) > v_room THEN 'fleet_limit'
            END AS refusal
        FROM allowed
        LEFT JOIN health.agents ON allowed.agent_id = agents.agent_id
    ),

    enrolled AS (
        INSERT INTO health_internal.series (
            agent_id, metric_name, source, is_counter, enrolled_by, enrolled_at
        )
        SELECT
            placed.agent_id, placed.metric_name, placed.source,
            health_internal.is_counter_name(placed.metric_name), 'policy', p_now
        FROM placed
        WHERE placed.refusal IS NULL
        ON CONFLICT (agent_id, metric_name) DO NOTHING
        RETURNING series.series_id, series.agent_id, series.metric_name
    ),

    begun AS (
        INSERT INTO health_internal.series_states (series_id)
        SELECT enrolled.series_id FROM enrolled
    ),

    refused AS (
        INSERT INTO health_internal.series_refusals AS known (
            agent_id, reason, value_count, name_count, metric_name, first_at, last_at
        )
        SELECT
            CASE WHEN placed.refusal <> 'fleet_limit' THEN placed.agent_id END AS refused_agent,
            placed.refusal, sum(placed.value_count), count(*), max(placed.metric_name), p_now, p_now
        FROM placed
        WHERE placed.refusal IS NOT NULL
        GROUP BY refused_agent, placed.refusal
        ON CONFLICT (agent_id, reason) DO UPDATE SET
            value_count = known.value_count + excluded.value_count,
            name_count = greatest(known.name_count, excluded.name_count),
            metric_name = excluded.metric_name,
            last_at = excluded.last_at
    ),

    watched AS (
        SELECT
            series.series_id, arrived.minute_at, arrived.value_sum, arrived.value_count
        FROM arrived
        INNER JOIN (
            SELECT known.series_id, known.agent_id, known.metric_name
            FROM health_internal.series AS known
            WHERE known.is_watched
            UNION ALL
            SELECT enrolled.series_id, enrolled.agent_id, enrolled.metric_name
            FROM enrolled
        ) AS series
            ON arrived.agent_id = series.agent_id AND arrived.metric_name = series.metric_name
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
    WHERE watched.minute_at >= p_stepped_until;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.collect_minutes(
    timestamptz, health_internal.arrival_range, timestamptz
) IS
'Adds what arrived to the minutes of its series, and enrols new series as policy and limits say: columns '
'of heartbeats when they first have a value, metrics when their name has come three times. What a limit '
'refuses is noted in series_refusals. Rows received before p_range.received_from are history and left '
'out; values of minutes before p_stepped_until are too late and only counted. Returns how many rows of '
'series_minutes it wrote.';

GRANT EXECUTE ON FUNCTION health_internal.is_counter_name(text) TO health_analyst, health_bridge;

COMMIT;
