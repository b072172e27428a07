-- The fold of events: what agents log of themselves counts as errors, by its severity.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.event_weight(p_severity text)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE lower(p_severity)
    WHEN 'warning' THEN 0.1
    WHEN 'error' THEN 1
    WHEN 'critical' THEN 3
    WHEN 'emergency' THEN 10
    ELSE 0
END;
COMMENT ON FUNCTION health_internal.event_weight(text) IS
'How many errors an event of this severity counts as: warning 0.1, error 1, critical 3, emergency 10.';

CREATE OR REPLACE FUNCTION health_internal.fold_events(
    p_now timestamptz,
    p_range health_internal.arrival_range
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_count bigint;
    v_has_due boolean;
BEGIN
    WITH arrived AS (
        SELECT
            events.agent_id,
            count(*) AS event_count,
            sum(
                health_internal.event_weight(events.severity)
                * health_internal.decay(
                    date_part('epoch', p_now - events.received_at), settings.metric_memory_seconds
                )
            ) AS weight
        FROM health_internal.arrived_events(p_range) AS events
        CROSS JOIN health.settings
        WHERE events.received_at >= p_now - settings.history_after
            -- What the engine writes about agents must not feed back into scores.
            AND events.agent_id <> 'heartbeat_health_agent'
        GROUP BY events.agent_id
    ),

    folded AS (
        UPDATE health.agent_status AS status
        SET
            -- Sums are as of the last heartbeat; what came after it weighs more than it.
            error_sum = status.error_sum
            + arrived.weight / greatest(
                health_internal.decay(
                    date_part('epoch', p_now - status.last_heartbeat_at),
                    settings.metric_memory_seconds
                ),
                1e-15
            ),
            next_due_at = least(status.next_due_at, p_now)
        FROM arrived
        CROSS JOIN health.settings
        WHERE status.agent_id = arrived.agent_id
            AND arrived.weight > 0
            AND status.last_heartbeat_at IS NOT NULL
            AND status.liveness NOT IN ('stopped', 'unresponsive')
        RETURNING status.agent_id
    )

    SELECT
        coalesce(sum(arrived.event_count), 0),
        EXISTS (SELECT FROM folded)
    INTO v_count, v_has_due
    FROM arrived;
    IF v_has_due THEN
        PERFORM health_internal.look_for_due();
    END IF;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_events(timestamptz, health_internal.arrival_range) IS
'Folds the agents'' own events by severity into agent_status.error_sum and makes those agents due; '
'returns how many events.';

COMMIT;
