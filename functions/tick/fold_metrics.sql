-- The fold of performance_metrics into a running state per series.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.fold_metrics(
    p_now timestamptz,
    p_range health_internal.arrival_range,
    OUT folded_values bigint,
    OUT skipped_values bigint
)
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_memory double precision;
    v_limit integer;
BEGIN
    SELECT settings.metric_memory_seconds, settings.series_per_agent
    INTO STRICT v_memory, v_limit
    FROM health.settings;

    WITH arrived AS MATERIALIZED (
        SELECT
            metrics.agent_id,
            metrics.metric_name,
            count(*) AS value_count,
            max(metrics.received_at) AS last_received_at,
            (array_agg(metrics.metric_value::float8 ORDER BY metrics.received_at DESC))[1]
                AS last_value,
            (array_agg(metrics.unit::text ORDER BY metrics.received_at DESC))[1] AS unit,
            sum(ages.weight) AS weight,
            sum(ages.weight * metrics.metric_value) AS value_sum,
            sum(ages.weight * metrics.metric_value * metrics.metric_value) AS square_sum
        FROM health_internal.arrived_metrics(p_range) AS metrics
        CROSS JOIN LATERAL (
            SELECT health_internal.decay(
                date_part('epoch', p_now - metrics.received_at), v_memory
            ) AS weight
            OFFSET 0
        ) AS ages
        GROUP BY metrics.agent_id, metrics.metric_name
    ),

    ranked AS (
        SELECT
            arrived.*,
            series.agent_id IS NOT NULL AS is_known,
            (
                SELECT count(*)
                FROM health_internal.metric_series AS others
                WHERE others.agent_id = arrived.agent_id
            ) + row_number() OVER (
                PARTITION BY arrived.agent_id, series.agent_id IS NULL ORDER BY arrived.metric_name
            ) AS place
        FROM arrived
        LEFT JOIN health_internal.metric_series AS series
            ON arrived.agent_id = series.agent_id AND arrived.metric_name = series.metric_name
    ),

    upserted AS (
        INSERT INTO health_internal.metric_series AS series (
            agent_id, metric_name, unit, last_value, last_received_at, value_count, decayed_at,
            weight, value_sum, square_sum
        )
        SELECT
            ranked.agent_id, ranked.metric_name, ranked.unit, ranked.last_value,
            ranked.last_received_at, ranked.value_count, p_now, ranked.weight, ranked.value_sum,
            ranked.square_sum
        FROM ranked
        WHERE ranked.is_known OR ranked.place <= v_limit
        ON CONFLICT (agent_id, metric_name) DO UPDATE SET
            unit = coalesce(excluded.unit, series.unit),
            last_value = CASE
                WHEN excluded.last_received_at >= series.last_received_at
                    THEN excluded.last_value
                ELSE series.last_value
            END,
            last_received_at = greatest(series.last_received_at, excluded.last_received_at),
            value_count = series.value_count + excluded.value_count,
            decayed_at = excluded.decayed_at,
            weight = excluded.weight + health_internal.decayed_sum(
                series.weight,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            ),
            value_sum = excluded.value_sum + health_internal.decayed_sum(
                series.value_sum,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            ),
            square_sum = excluded.square_sum + health_internal.decayed_sum(
                series.square_sum,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            )
    )

    SELECT
        coalesce(sum(ranked.value_count), 0),
        coalesce(
            sum(ranked.value_count) FILTER (WHERE NOT ranked.is_known AND ranked.place > v_limit), 0
        )
    INTO folded_values, skipped_values
    FROM ranked;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_metrics(timestamptz, health_internal.arrival_range) IS
'Folds new metric values into metric_series (weight exp(-age / 60 min)). An agent keeps at most '
'settings.series_per_agent series: values of further names are counted as skipped and stay raw.';

COMMIT;
