-- Whom a judgement is about: whom each of the ways of a turn finds, with the beat to be folded.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.subjects(p_turn health_internal.turn)
RETURNS TABLE (
    beat_agent_id text, beat_received_at timestamptz, beat_sent_at timestamptz, beat_state text,
    beat_run_id text, beat_work_items_processed bigint, beat_error_count bigint,
    beat_average_processing_time_ms double precision, beat_cpu_usage_percent double precision,
    beat_memory_usage_mb double precision, beat_memory_limit_mb double precision,
    beat_cost_efficiency double precision, beat_user_satisfaction double precision,
    beat_operational_efficiency double precision, beat_revenue_impact_usd double precision
)
LANGUAGE sql
STABLE
AS $$
    SELECT few.*
    FROM unnest((p_turn).beats) AS few
    UNION ALL
    SELECT arrived.*
    FROM health_internal.arrived_heartbeats((p_turn).arrivals) AS arrived
    WHERE (p_turn).whom = 'arrived'
        AND (
            (p_turn).several = '{}'
            OR hashtextextended(arrived.agent_id, 0) <> ALL ((p_turn).several)
        )
        -- Always true, and taken for rare: arrivals are to be hashed, never agents, whose rows are wide.
        AND num_nulls(arrived.agent_id) = 0
        AND num_nulls(arrived.received_at) = 0
        AND num_nulls(arrived.state) = 0
    UNION ALL
    SELECT
        due.agent_id, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL
    FROM health.agent_status AS due
    -- The first condition is asked once, so that nothing is scanned for others; without a share in the
    -- planner's estimate.
    WHERE (p_turn).whom IN ('due', 'everybody')
        AND (
            (p_turn).whom = 'everybody'
            OR (
                (p_turn).whom = 'due'
                AND due.next_due_at <= (p_turn).now
                AND due.judged_tick_id <> (p_turn).tick_id
            )
        )
$$;
COMMENT ON FUNCTION health_internal.subjects(health_internal.turn) IS
'Whom to judge, each with its one new beat or none; see health_internal.turn. Inlined.';

COMMIT;
