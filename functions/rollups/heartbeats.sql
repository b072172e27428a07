-- Roll-ups of heartbeats: counted into agent_hours partition by partition, each once.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.roll_up_heartbeats(p_partition text, p_now timestamptz)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
BEGIN
    -- Added, once: the mark is of the same transaction.
    UPDATE health_internal.partitions
    SET rolled_up_at = p_now
    WHERE partitions.partition_name = p_partition AND partitions.rolled_up_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    EXECUTE format(
        $sql$
        WITH beats AS (
            SELECT
                told.*,
                date_trunc('hour', told.received_at, 'UTC') AS hour_at,
                greatest(
                    told.cpu_usage_percent,
                    100 * told.memory_usage_mb / nullif(told.memory_limit_mb, 0)
                ) AS utilisation,
                told.memory_usage_mb IS NOT NULL AND told.memory_limit_mb > 0 AS has_memory,
                lag(told.error_count) OVER by_time AS error_count_before,
                lag(told.work_items_processed) OVER by_time AS items_before,
                row_number() OVER by_time AS place
            FROM health.%I AS told
            WINDOW by_time AS (PARTITION BY told.agent_id ORDER BY told.received_at, told.txid)
        ),

        -- The counters go on from where an earlier partition left them.
        counted AS (
            SELECT
                beats.*,
                beats.error_count - coalesce(beats.error_count_before, known.last_error_count)
                    AS errors_in,
                beats.work_items_processed - coalesce(beats.items_before, known.last_item_count)
                    AS items_in
            FROM beats
            LEFT JOIN LATERAL (
                SELECT hours.last_error_count, hours.last_item_count
                FROM health.agent_hours AS hours
                WHERE beats.place = 1
                    AND hours.agent_id = beats.agent_id
                    AND hours.hour_at <= beats.hour_at
                    AND hours.hour_at >= beats.hour_at - interval '1 day'
                    AND hours.beat_count > 0
                ORDER BY hours.hour_at DESC
                LIMIT 1
            ) AS known ON true
        )

        INSERT INTO health.agent_hours AS hours (
            agent_id, hour_at, beat_count, error_beat_count, error_count, item_count,
            processing_count, processing_sum_ms, utilisation_count, utilisation_sum_percent,
            memory_count, memory_used_sum_mb, memory_limit_sum_mb, satisfaction_count,
            satisfaction_sum, last_error_count, last_item_count
        )
        SELECT
            counted.agent_id,
            counted.hour_at,
            count(*),
            count(*) FILTER (WHERE counted.state IN ('error', 'failed')),
            -- A counter that went down began anew.
            coalesce(sum(CASE
                WHEN counted.errors_in < 0 THEN counted.error_count ELSE counted.errors_in
            END), 0),
            coalesce(sum(CASE
                WHEN counted.items_in < 0 THEN counted.work_items_processed ELSE counted.items_in
            END), 0),
            count(counted.average_processing_time_ms),
            coalesce(sum(counted.average_processing_time_ms), 0),
            count(counted.utilisation),
            coalesce(sum(counted.utilisation), 0),
            count(*) FILTER (WHERE counted.has_memory),
            coalesce(sum(counted.memory_usage_mb) FILTER (WHERE counted.has_memory), 0),
            coalesce(sum(counted.memory_limit_mb) FILTER (WHERE counted.has_memory), 0),
            count(counted.user_satisfaction),
            coalesce(sum(counted.user_satisfaction), 0),
            (array_agg(counted.error_count ORDER BY counted.place DESC) FILTER (
                WHERE counted.error_count IS NOT NULL
            ))[1],
            (array_agg(counted.work_items_processed ORDER BY counted.place DESC) FILTER (
                WHERE counted.work_items_processed IS NOT NULL
            ))[1]
        FROM counted
        INNER JOIN health.agents ON counted.agent_id = agents.agent_id
        GROUP BY counted.agent_id, counted.hour_at
        ON CONFLICT (agent_id, hour_at) DO UPDATE SET
            beat_count = hours.beat_count + excluded.beat_count,
            error_beat_count = hours.error_beat_count + excluded.error_beat_count,
            error_count = hours.error_count + excluded.error_count,
            item_count = hours.item_count + excluded.item_count,
            processing_count = hours.processing_count + excluded.processing_count,
            processing_sum_ms = hours.processing_sum_ms + excluded.processing_sum_ms,
            utilisation_count = hours.utilisation_count + excluded.utilisation_count,
            utilisation_sum_percent = hours.utilisation_sum_percent
            + excluded.utilisation_sum_percent,
            memory_count = hours.memory_count + excluded.memory_count,
            memory_used_sum_mb = hours.memory_used_sum_mb + excluded.memory_used_sum_mb,
            memory_limit_sum_mb = hours.memory_limit_sum_mb + excluded.memory_limit_sum_mb,
            satisfaction_count = hours.satisfaction_count + excluded.satisfaction_count,
            satisfaction_sum = hours.satisfaction_sum + excluded.satisfaction_sum,
            last_error_count = coalesce(excluded.last_error_count, hours.last_error_count),
            last_item_count = coalesce(excluded.last_item_count, hours.last_item_count)
        $sql$,
        p_partition
    );
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health_internal.roll_up_heartbeats(text, timestamptz) IS
'Counts the heartbeats of a partition that is past into agent_hours, once; false, and nothing done, where '
'that was done before.';

COMMIT;
