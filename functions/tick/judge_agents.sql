-- The judgement: one UPDATE that takes one more beat of a run that goes on into an agent's running state
-- and judges the agent; without a beat it judges those that are due. What it reads is put together from
-- fold_usual_beats and assess_agents, which are inlined: one plan, each stage one projection.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.judge_agents(
    p_turn health_internal.turn,
    p_policy health.policies
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = auto
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = on
-- What is read lies in memory, and processor time is what counts.
SET seq_page_cost = 0.001
SET random_page_cost = 0.01
SET work_mem = '256MB'
SET jit = off
AS $$
DECLARE
    v_recovered_from constant double precision :=
        greatest(p_policy.critical_below, p_policy.emergency_below) + p_policy.recovered_margin;
    v_count bigint;
BEGIN
    -- For many it pays to plan with the policy's numbers as constants. A plan that needs no statistics:
    -- each agent by its key, or where most of them beat all agents in the order of their rows, beside
    -- a hash of the beats; then each row by its address.
    PERFORM
        set_config(
            'plan_cache_mode',
            CASE WHEN p_turn.whom = 'listed' THEN 'force_generic_plan' ELSE 'force_custom_plan' END,
            true
        ),
        set_config('enable_seqscan', p_turn.is_most::text, true),
        set_config('enable_hashjoin', p_turn.is_most::text, true);

    -- What is written: an UPDATE carries its source as a whole row, and naming the columns here lets
    -- the planner drop all others from the stages below.
    WITH written AS (
        SELECT
            scored.row_address, scored.last_at, scored.sent_at, scored.state, scored.liveness,
            scored.ungated_score, scored.gate, scored.heartbeat, scored.performance,
            scored.errors, scored.resources, scored.business, scored.silent, scored.beat_count,
            scored.gap_count, scored.gap_weight, scored.gap_sum, scored.gap_square_sum,
            scored.learnt_interval_seconds, scored.mean_gap_seconds, scored.gap_bin,
            scored.bin_weight, scored.error_count, scored.work_items_processed, scored.error_sum,
            scored.item_sum, scored.recent_item_sum, scored.baseline_item_sum, scored.baseline_seconds,
            scored.processing_mean_ms, scored.baseline_processing_ms, scored.cpu_mean_percent,
            scored.memory_mean_mb, scored.slow_memory_mean_mb, scored.memory_usage_mb,
            scored.memory_limit_mb, scored.cost_efficiency, scored.user_satisfaction,
            scored.operational_efficiency, scored.revenue_impact_usd, scored.new_issue_candidate,
            scored.new_loss_evaluations,
            coalesce(scored.deadlines[1], scored.late_intervals) AS late_intervals,
            coalesce(scored.deadlines[2], scored.unresponsive_intervals)
                AS unresponsive_intervals,
            least(scored.ungated_score, scored.gate) AS score,
            health.classify_status(
                least(scored.ungated_score, scored.gate), p_policy.excellent_from,
                p_policy.good_from, p_policy.fair_from, p_policy.poor_from
            ) AS status,
            (
                (scored.bad_evaluations << 1)
                | CASE
                    WHEN least(scored.ungated_score, scored.gate) < p_policy.critical_below THEN 1
                    ELSE 0
                END
            ) & 2097151 AS bad_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN 0
                WHEN scored.new_issue_candidate = scored.issue_candidate
                    THEN least(1000, scored.issue_evaluations + 1)
                ELSE 1
            END AS issue_evaluations,
            CASE
                WHEN scored.new_issue_candidate IS NULL THEN NULL
                WHEN scored.liveness = 'unresponsive' OR scored.state IN ('error', 'failed')
                    OR scored.issue_type = scored.new_issue_candidate
                    OR health_internal.is_confirmed(
                        scored.new_issue_candidate, scored.issue_candidate,
                        scored.issue_evaluations, p_policy.confirm_bad
                    )
                    THEN scored.new_issue_candidate
            END AS issue_type,
            CASE
                WHEN scored.new_issue_candidate IS NULL
                    AND scored.ungated_score >= v_recovered_from
                    AND scored.new_loss_evaluations = 0
                    OR scored.liveness = 'stopped'
                    THEN '{}'::text []
                ELSE health_internal.holding_conditions(
                    scored.liveness, scored.state, scored.ungated_score, scored.gate,
                    scored.bad_evaluations, scored.new_issue_candidate, scored.issue_candidate,
                    scored.issue_evaluations, scored.issue_type, scored.active_conditions,
                    scored.new_loss_evaluations, p_policy
                )
            END AS active_conditions,
            CASE
                WHEN scored.liveness = 'alive' OR scored.liveness = 'starting'
                    THEN CASE
                        WHEN scored.blind > 0 THEN health_internal.accused_at(
                            scored.last_at, scored.late_seconds, p_turn.blindness
                        )
                        ELSE scored.last_at + make_interval(secs => scored.late_seconds)
                    END
                WHEN scored.liveness <> 'late' OR scored.job_standing IS NOT NULL THEN 'infinity'
                WHEN scored.session_lost_at IS NOT NULL
                    THEN scored.session_lost_at
                        + make_interval(secs => p_policy.session_grace_seconds)
                ELSE least(
                    CASE
                        WHEN scored.blind > 0 THEN health_internal.accused_at(
                            scored.last_at, scored.unresponsive_seconds, p_turn.blindness
                        )
                        ELSE scored.last_at + make_interval(secs => scored.unresponsive_seconds)
                    END,
                    p_turn.now + make_interval(secs => scored.learnt_interval_seconds)
                )
            END AS next_due_at
        FROM health_internal.assess_agents(p_turn, p_policy) AS scored
        OFFSET 0
    )

    UPDATE health.agent_status AS target
    SET
        next_due_at = written.next_due_at,
        judged_tick_id = p_turn.tick_id,
        judged_at = p_turn.now,
        last_heartbeat_at = written.last_at,
        last_sent_at = written.sent_at,
        liveness = written.liveness,
        status = written.status,
        issue_type = written.issue_type,
        state = written.state,
        score = written.score,
        ungated_score = written.ungated_score,
        gate = written.gate,
        heartbeat_consistency = written.heartbeat,
        performance_metrics = written.performance,
        error_rate = written.errors,
        resource_efficiency = written.resources,
        business_impact = written.business,
        policy_id = p_policy.policy_id,
        silent_seconds = written.silent,
        beat_count = written.beat_count,
        gap_count = written.gap_count,
        gap_weight = written.gap_weight,
        gap_sum = written.gap_sum,
        gap_square_sum = written.gap_square_sum,
        learnt_interval_seconds = written.learnt_interval_seconds,
        mean_gap_seconds = written.mean_gap_seconds,
        late_intervals = written.late_intervals,
        unresponsive_intervals = written.unresponsive_intervals,
        gap_histogram[written.gap_bin] = written.bin_weight,
        error_count = written.error_count,
        work_items_processed = written.work_items_processed,
        error_sum = written.error_sum,
        item_sum = written.item_sum,
        recent_item_sum = written.recent_item_sum,
        baseline_item_sum = written.baseline_item_sum,
        baseline_seconds = written.baseline_seconds,
        processing_mean_ms = written.processing_mean_ms,
        baseline_processing_ms = written.baseline_processing_ms,
        cpu_mean_percent = written.cpu_mean_percent,
        memory_mean_mb = written.memory_mean_mb,
        slow_memory_mean_mb = written.slow_memory_mean_mb,
        memory_usage_mb = written.memory_usage_mb,
        memory_limit_mb = written.memory_limit_mb,
        cost_efficiency = written.cost_efficiency,
        user_satisfaction = written.user_satisfaction,
        operational_efficiency = written.operational_efficiency,
        revenue_impact_usd = written.revenue_impact_usd,
        bad_evaluations = written.bad_evaluations,
        loss_evaluations = written.new_loss_evaluations,
        issue_evaluations = written.issue_evaluations,
        issue_candidate = written.new_issue_candidate,
        active_conditions = written.active_conditions
    FROM written
    WHERE target.ctid = written.row_address;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.judge_agents(health_internal.turn, health.policies) IS
'Judges the agents of one policy class, each at most once per tick, and returns how many: the subjects '
'of p_turn (see there). Agents whose beat is out of the ordinary (see fold_beats), or who have several, are left '
'to fold_unusual_beats.';

COMMIT;
