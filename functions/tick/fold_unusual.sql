-- Whose beats are out of the ordinary, and their fold, agent by agent, in one statement.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.fold_unusual_beats(
    p_tick_id bigint,
    p_beats health_internal.beat [],
    p_is_many boolean,
    p_range health_internal.arrival_range,
    p_blind_until timestamptz
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
SET work_mem = '256MB'
AS $$
DECLARE
    v_settings health.settings;
    v_count bigint;
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    WITH left_over AS (
        SELECT
            beats.agent_id,
            array_agg(ROW(beats.*)::health_internal.beat ORDER BY beats.received_at) AS beats
        FROM (
            SELECT few.*
            FROM unnest(p_beats) AS few
            UNION ALL
            SELECT arrived.*
            FROM health_internal.arrived_heartbeats(p_range) AS arrived
            WHERE p_is_many
        ) AS beats
        -- Before the beats are gathered: they are few of many. Each looks up its agent, fenced, lest
        -- each agent look through all beats when a fleet comes back.
        CROSS JOIN LATERAL (
            SELECT
            FROM health.agent_status AS known
            WHERE known.agent_id = beats.agent_id
                AND known.judged_tick_id <> p_tick_id
                AND known.next_due_at > '-infinity'
            OFFSET 0
        ) AS unusual
        GROUP BY beats.agent_id
    ),

    folded AS (
        SELECT
            known.ctid AS row_address,
            health_internal.fold_beats(
                known, left_over.beats,
                coalesce(
                    known.expected_interval_seconds, policy.default_expected_interval_seconds
                ),
                p_blind_until, v_settings.heartbeat_memory_seconds,
                v_settings.metric_memory_seconds, v_settings.baseline_memory_seconds
            ) AS new,
            cardinality(left_over.beats) AS beat_count
        FROM left_over
        INNER JOIN health.agent_status AS known ON left_over.agent_id = known.agent_id
        INNER JOIN health.current_policies AS policy ON known.policy_class = policy.policy_class
        OFFSET 0
    ),

    updated AS (
        UPDATE health.agent_status AS target
        SET
            next_due_at = '-infinity',
            last_heartbeat_at = (folded.new).last_heartbeat_at,
            first_heartbeat_at = (folded.new).first_heartbeat_at,
            run_started_at = (folded.new).run_started_at,
            last_sent_at = (folded.new).last_sent_at,
            session_lost_at = (folded.new).session_lost_at,
            state = (folded.new).state,
            run_id = (folded.new).run_id,
            beat_count = (folded.new).beat_count,
            gap_count = (folded.new).gap_count,
            gap_weight = (folded.new).gap_weight,
            gap_sum = (folded.new).gap_sum,
            gap_square_sum = (folded.new).gap_square_sum,
            clump_seconds = (folded.new).clump_seconds,
            learnt_interval_seconds = (folded.new).learnt_interval_seconds,
            mean_gap_seconds = (folded.new).mean_gap_seconds,
            late_intervals = (folded.new).late_intervals,
            gap_histogram = (folded.new).gap_histogram,
            error_count = (folded.new).error_count,
            work_items_processed = (folded.new).work_items_processed,
            error_sum = (folded.new).error_sum,
            item_sum = (folded.new).item_sum,
            recent_item_sum = (folded.new).recent_item_sum,
            baseline_item_sum = (folded.new).baseline_item_sum,
            baseline_seconds = (folded.new).baseline_seconds,
            processing_mean_ms = (folded.new).processing_mean_ms,
            baseline_processing_ms = (folded.new).baseline_processing_ms,
            cpu_mean_percent = (folded.new).cpu_mean_percent,
            memory_mean_mb = (folded.new).memory_mean_mb,
            slow_memory_mean_mb = (folded.new).slow_memory_mean_mb,
            memory_usage_mb = (folded.new).memory_usage_mb,
            memory_limit_mb = (folded.new).memory_limit_mb,
            cost_efficiency = (folded.new).cost_efficiency,
            user_satisfaction = (folded.new).user_satisfaction,
            operational_efficiency = (folded.new).operational_efficiency,
            revenue_impact_usd = (folded.new).revenue_impact_usd
        FROM folded
        WHERE target.ctid = folded.row_address
        RETURNING folded.beat_count
    )

    SELECT coalesce(sum(updated.beat_count), 0)
    INTO v_count
    FROM updated;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_unusual_beats(
    bigint, health_internal.beat [], boolean, health_internal.arrival_range, timestamptz
) IS
'Folds the beats of agents that judge_agents has left (not judged in this tick) and makes those '
'agents due at once (next_due_at -infinity, which is also how a second call knows them); returns how '
'many beats. Agents without a row in agent_status are left to register_unknown.';

COMMIT;
