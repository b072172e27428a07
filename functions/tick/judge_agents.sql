-- The judgement: one UPDATE that takes one more beat of a run that goes on into an agent's running
-- state and judges the agent; without a beat it judges those that are due. fold_usual_beats and
-- assess_agents, of which it is put together, are inlined: one plan, each stage one projection.
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

    UPDATE health.agent_status AS target
    SET
        next_due_at = CASE
            WHEN assessed.liveness = 'alive' OR assessed.liveness = 'starting'
                THEN CASE
                    WHEN assessed.blind > 0 THEN health_internal.accused_at(
                        assessed.last_at, assessed.late_seconds, p_turn.blindness
                    )
                    ELSE assessed.last_at + make_interval(secs => assessed.late_seconds)
                END
            WHEN assessed.liveness <> 'late' OR assessed.job_standing IS NOT NULL THEN 'infinity'
            WHEN assessed.session_lost_at IS NOT NULL
                THEN assessed.session_lost_at
                    + make_interval(secs => p_policy.session_grace_seconds)
            ELSE least(
                CASE
                    WHEN assessed.blind > 0 THEN health_internal.accused_at(
                        assessed.last_at, assessed.unresponsive_seconds, p_turn.blindness
                    )
                    ELSE assessed.last_at + make_interval(secs => assessed.unresponsive_seconds)
                END,
                p_turn.now + make_interval(secs => assessed.learnt_interval_seconds)
            )
        END,
        judged_tick_id = p_turn.tick_id,
        judged_at = p_turn.now,
        last_heartbeat_at = assessed.last_at,
        last_sent_at = assessed.sent_at,
        liveness = assessed.liveness,
        status = health.classify_status(
            least(assessed.ungated_score, assessed.gate), p_policy.excellent_from,
            p_policy.good_from, p_policy.fair_from, p_policy.poor_from
        ),
        issue_type = CASE
            WHEN assessed.new_issue_candidate IS NULL THEN NULL
            WHEN assessed.liveness = 'unresponsive' OR assessed.state IN ('error', 'failed')
                OR assessed.issue_type = assessed.new_issue_candidate
                OR health_internal.is_confirmed(
                    assessed.new_issue_candidate, assessed.issue_candidate,
                    assessed.issue_evaluations, p_policy.confirm_bad
                )
                THEN assessed.new_issue_candidate
        END,
        state = assessed.state,
        score = least(assessed.ungated_score, assessed.gate),
        ungated_score = assessed.ungated_score,
        gate = assessed.gate,
        heartbeat_consistency = assessed.heartbeat,
        performance_metrics = assessed.performance,
        error_rate = assessed.errors,
        resource_efficiency = assessed.resources,
        business_impact = assessed.business,
        policy_id = p_policy.policy_id,
        silent_seconds = assessed.silent,
        beat_count = assessed.beat_count,
        gap_count = assessed.gap_count,
        gap_weight = assessed.gap_weight,
        gap_sum = assessed.gap_sum,
        gap_square_sum = assessed.gap_square_sum,
        learnt_interval_seconds = assessed.learnt_interval_seconds,
        mean_gap_seconds = assessed.mean_gap_seconds,
        late_intervals = coalesce(assessed.deadlines[1], assessed.late_intervals),
        unresponsive_intervals = coalesce(assessed.deadlines[2], assessed.unresponsive_intervals),
        gap_histogram[assessed.gap_bin] = assessed.bin_weight,
        error_count = assessed.error_count,
        work_items_processed = assessed.work_items_processed,
        error_sum = assessed.error_sum,
        item_sum = assessed.item_sum,
        recent_item_sum = assessed.recent_item_sum,
        baseline_item_sum = assessed.baseline_item_sum,
        baseline_seconds = assessed.baseline_seconds,
        processing_mean_ms = assessed.processing_mean_ms,
        baseline_processing_ms = assessed.baseline_processing_ms,
        cpu_mean_percent = assessed.cpu_mean_percent,
        memory_mean_mb = assessed.memory_mean_mb,
        slow_memory_mean_mb = assessed.slow_memory_mean_mb,
        memory_usage_mb = assessed.memory_usage_mb,
        memory_limit_mb = assessed.memory_limit_mb,
        cost_efficiency = assessed.cost_efficiency,
        user_satisfaction = assessed.user_satisfaction,
        operational_efficiency = assessed.operational_efficiency,
        revenue_impact_usd = assessed.revenue_impact_usd,
        bad_evaluations = (
            (assessed.bad_evaluations << 1)
            | CASE
                WHEN least(assessed.ungated_score, assessed.gate) < p_policy.critical_below THEN 1
                ELSE 0
            END
        ) & 2097151,
        loss_evaluations = assessed.new_loss_evaluations,
        issue_evaluations = CASE
            WHEN assessed.new_issue_candidate IS NULL THEN 0
            WHEN assessed.new_issue_candidate = assessed.issue_candidate
                THEN least(1000, assessed.issue_evaluations + 1)
            ELSE 1
        END,
        issue_candidate = assessed.new_issue_candidate,
        active_conditions = CASE
            WHEN assessed.new_issue_candidate IS NULL
                AND assessed.ungated_score >= v_recovered_from
                AND assessed.new_loss_evaluations = 0
                OR assessed.liveness = 'stopped'
                THEN '{}'::text []
            ELSE health_internal.holding_conditions(
                assessed.liveness, assessed.state, assessed.ungated_score, assessed.gate,
                assessed.bad_evaluations, assessed.new_issue_candidate, assessed.issue_candidate,
                assessed.issue_evaluations, assessed.issue_type, assessed.active_conditions,
                assessed.new_loss_evaluations, p_policy
            )
        END
    FROM health_internal.assess_agents(p_turn, p_policy) AS assessed
    WHERE target.ctid = assessed.row_address;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.judge_agents(health_internal.turn, health.policies) IS
'Judges the agents of one policy class, each at most once per tick, and returns how many: the subjects '
'of p_turn (see there). Agents whose beat is out of the ordinary (see fold_beats), or who have several, '
'are left to fold_unusual_beats.';

COMMIT;
