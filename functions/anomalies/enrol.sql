-- Which series are watched: what policy and limits say of what arrives. What people say: choose.sql.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.heartbeat_gauges()
RETURNS text []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN ARRAY[
    'average_processing_time_ms', 'cpu_usage_percent', 'memory_usage_mb', 'cost_efficiency',
    'user_satisfaction', 'operational_efficiency', 'revenue_impact_usd'
];
COMMENT ON FUNCTION health_internal.heartbeat_gauges() IS
'Columns of agent_heartbeats that are series: gauges, not counters.';

CREATE OR REPLACE FUNCTION health_internal.enrol_arrived(
    p_now timestamptz,
    p_range health_internal.arrival_range
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET enable_mergejoin = off
SET work_mem = '64MB'
SET jit = off
AS $$
DECLARE
    v_room bigint;
    v_columns text [];
    v_count bigint;
BEGIN
    SELECT greatest(0, settings.series_limit - (
        SELECT count(*) FROM health_internal.series WHERE series.is_watched
    ))
    INTO STRICT v_room
    FROM health.settings;
    -- Without room heartbeats are not looked through for more.
    IF v_room > 0 THEN
        v_columns := ARRAY(
            SELECT DISTINCT columns.metric_name
            FROM health.current_policies AS policy
            CROSS JOIN LATERAL unnest(policy.anomaly_columns) AS columns (metric_name)
        );
    END IF;

    WITH beats AS (
        SELECT told.*
        FROM (
            SELECT
                arrived.agent_id,
                count(arrived.average_processing_time_ms) AS processing_count,
                count(arrived.cpu_usage_percent) AS cpu_count,
                count(arrived.memory_usage_mb) AS memory_count,
                count(arrived.cost_efficiency) AS cost_count,
                count(arrived.user_satisfaction) AS satisfaction_count,
                count(arrived.operational_efficiency) AS operational_count,
                count(arrived.revenue_impact_usd) AS revenue_count
            FROM health_internal.arrived_heartbeats(p_range) AS arrived
            WHERE v_columns <> '{}'
            GROUP BY arrived.agent_id
        ) AS told
        LEFT JOIN health.agents AS dear
            ON told.agent_id = dear.agent_id AND dear.revenue_usd_per_hour > 0
        LEFT JOIN (
            SELECT DISTINCT known.agent_id FROM health_internal.series AS known
        ) AS watched ON told.agent_id = watched.agent_id
        -- Of a million agents no more than there is room for.
        ORDER BY
            watched.agent_id IS NOT NULL, dear.revenue_usd_per_hour DESC NULLS LAST, told.agent_id
        LIMIT v_room
    ),

    arrived AS (
        SELECT beats.agent_id, columns.metric_name, 'heartbeat' AS source, columns.value_count
        FROM beats
        CROSS JOIN LATERAL (
            VALUES
            ('average_processing_time_ms', beats.processing_count),
            ('cpu_usage_percent', beats.cpu_count),
            ('memory_usage_mb', beats.memory_count),
            ('cost_efficiency', beats.cost_count),
            ('user_satisfaction', beats.satisfaction_count),
            ('operational_efficiency', beats.operational_count),
            ('revenue_impact_usd', beats.revenue_count)
        ) AS columns (metric_name, value_count)
        WHERE columns.value_count > 0 AND columns.metric_name = ANY (v_columns)
        UNION ALL
        SELECT logged.agent_id, logged.metric_name, 'metric', count(*)
        FROM health_internal.arrived_metrics(p_range) AS logged
        WHERE logged.received_at >= (p_range).received_from
        GROUP BY logged.agent_id, logged.metric_name
    ),

    strangers AS (
        SELECT
            arrived.agent_id,
            arrived.metric_name,
            min(arrived.source) AS source,
            sum(arrived.value_count) AS value_count
        FROM arrived
        WHERE arrived.agent_id <> 'heartbeat_health_agent'
            AND NOT starts_with(arrived.agent_id, 'bridge:')
            AND NOT EXISTS (
                SELECT FROM health_internal.series
                WHERE series.agent_id = arrived.agent_id
                    AND series.metric_name = arrived.metric_name
            )
        GROUP BY arrived.agent_id, arrived.metric_name
    ),

    -- What policy wants. A metric must have come three times: what comes once is no series.
    wanted AS (
        SELECT
            strangers.*,
            policy.anomaly_metrics_limit,
            strangers.source = 'metric' AND known.value_count IS NULL AS is_unfolded
        FROM strangers
        INNER JOIN health.agent_status AS status ON strangers.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        LEFT JOIN health_internal.metric_series AS known
            ON strangers.agent_id = known.agent_id AND strangers.metric_name = known.metric_name
        WHERE CASE strangers.source
            WHEN 'heartbeat' THEN strangers.metric_name = ANY (policy.anomaly_columns)
            ELSE policy.anomaly_metrics_limit > 0 AND coalesce(known.value_count, 3) >= 3
        END
    ),

    placed AS (
        SELECT
            wanted.*,
            CASE
                WHEN wanted.source = 'metric' THEN coalesce(others.series_count, 0)
                    + row_number() OVER (
                        PARTITION BY wanted.agent_id, wanted.source, wanted.is_unfolded
                        ORDER BY wanted.metric_name
                    )
                    > wanted.anomaly_metrics_limit
                ELSE false
            END AS is_beyond_agent
        FROM wanted
        LEFT JOIN (
            SELECT series.agent_id, count(*) AS series_count
            FROM health_internal.series
            WHERE series.is_watched AND series.source = 'metric'
            GROUP BY series.agent_id
        ) AS others ON wanted.agent_id = others.agent_id
    ),

    decided AS (
        SELECT
            placed.*,
            CASE
                WHEN placed.is_unfolded THEN 'name_limit'
                WHEN placed.is_beyond_agent THEN 'agent_limit'
                WHEN row_number() OVER (
                    PARTITION BY placed.is_unfolded, placed.is_beyond_agent
                    -- The dearest first, and an agent's series together.
                    ORDER BY agents.revenue_usd_per_hour DESC NULLS LAST, placed.agent_id,
                        placed.source, placed.metric_name
                ) > v_room THEN 'fleet_limit'
            END AS refusal
        FROM placed
        LEFT JOIN health.agents ON placed.agent_id = agents.agent_id
    ),

    enrolled AS (
        INSERT INTO health_internal.series (
            agent_id, metric_name, source, is_counter, enrolled_by, enrolled_at
        )
        SELECT
            decided.agent_id, decided.metric_name, decided.source,
            decided.source = 'metric' AND health_internal.is_counter_name(decided.metric_name),
            'policy', p_now
        FROM decided
        WHERE decided.refusal IS NULL
        ON CONFLICT (agent_id, metric_name) DO NOTHING
        RETURNING series.series_id
    ),

    refused AS (
        INSERT INTO health_internal.series_refusals AS known (
            agent_id, reason, value_count, name_count, metric_name, first_at, last_at
        )
        SELECT
            CASE WHEN decided.refusal <> 'fleet_limit' THEN decided.agent_id END AS refused_agent,
            decided.refusal, sum(decided.value_count), count(*), max(decided.metric_name), p_now,
            p_now
        FROM decided
        WHERE decided.refusal IS NOT NULL
        GROUP BY refused_agent, decided.refusal
        ON CONFLICT (agent_id, reason) DO UPDATE SET
            value_count = known.value_count + excluded.value_count,
            name_count = greatest(known.name_count, excluded.name_count),
            metric_name = excluded.metric_name,
            last_at = excluded.last_at
    )

    INSERT INTO health_internal.series_states (series_id)
    SELECT enrolled.series_id FROM enrolled;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.enrol_arrived(timestamptz, health_internal.arrival_range) IS
'Watches new series among what arrived, as policy and limits say: columns of heartbeats when they first '
'have a value, metrics when their name has come three times; the dearest agents first. What a limit '
'refuses is noted in series_refusals. The engine and bridges are not watched. Returns how many series.';

COMMIT;
