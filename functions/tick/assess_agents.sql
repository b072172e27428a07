-- What is thought of an agent in its running state, at a time and under a policy: components,
-- liveness, score, gate and issue. The judgement is made of it, and so is what another policy would say.
-- Stages, each fenced by OFFSET 0 so that its expressions are computed once: measured → timed → lived →
-- the result, which names its columns, so that the planner drops all others from the stages before.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.assess_agents(
    p_turn health_internal.turn,
    p_policy health.policies
)
RETURNS TABLE (
    row_address tid, agent_id text, last_at timestamptz, sent_at timestamptz, state text,
    liveness text, heartbeat double precision, performance double precision,
    errors double precision, resources double precision, business double precision,
    silent double precision, blind double precision, late_seconds double precision,
    unresponsive_seconds double precision, session_lost_at timestamptz, job_standing text,
    deadlines double precision [], late_intervals double precision,
    unresponsive_intervals double precision, beat_count bigint, gap_count bigint,
    gap_weight double precision, gap_sum double precision, gap_square_sum double precision,
    learnt_interval_seconds double precision, mean_gap_seconds double precision, gap_bin integer,
    bin_weight real, error_count bigint, work_items_processed bigint, error_sum double precision,
    item_sum double precision, recent_item_sum double precision,
    baseline_item_sum double precision, baseline_seconds double precision,
    processing_mean_ms double precision, baseline_processing_ms double precision,
    cpu_mean_percent double precision, memory_mean_mb double precision,
    slow_memory_mean_mb double precision, memory_usage_mb double precision,
    memory_limit_mb double precision, cost_efficiency double precision,
    user_satisfaction double precision, operational_efficiency double precision,
    revenue_impact_usd double precision, bad_evaluations integer, issue_evaluations integer,
    issue_candidate text, issue_type text, active_conditions text [],
    ungated_score double precision, gate double precision, new_issue_candidate text,
    new_loss_evaluations integer
)
LANGUAGE sql
STABLE
AS $$
    WITH
    -- The components but the first, and the deadlines where they are learnt anew.
    measured AS (
        SELECT
            folded.*,
            coalesce(folded.expected_interval_seconds, folded.learnt_interval_seconds)
                AS expected_seconds,
            CASE
                WHEN folded.must_learn_deadlines AND folded.gap_count >= (p_policy).young_beats
                    THEN health_internal.learn_deadlines(
                        folded.gap_histogram[:folded.gap_bin - 1] || folded.bin_weight
                        || folded.gap_histogram[folded.gap_bin + 1:],
                        folded.gap_count, folded.learnt_interval_seconds, folded.mean_gap_seconds,
                        (p_policy).late_false_alarm_cost, (p_policy).unresponsive_false_alarm_cost,
                        health_internal.deadline_limit(
                            (p_policy).young_late_intervals, (p_policy).young_beats,
                            (p_policy).hard_limit_intervals, folded.gap_count
                        ),
                        health_internal.deadline_limit(
                            (p_policy).young_unresponsive_intervals, (p_policy).young_beats,
                            (p_policy).hard_limit_intervals, folded.gap_count
                        )
                    )
            END AS deadlines,
            CASE
                WHEN folded.last_at < ((p_turn).blindness).settled_at THEN
                    health_internal.recent_blind_seconds(folded.last_at, (p_turn).now, (p_turn).blindness)
                ELSE 0
            END AS blind,
            folded.processing_mean_ms / nullif(coalesce(
                folded.latency_slo_ms,
                CASE
                    WHEN folded.beat_count >= 10 THEN folded.baseline_processing_ms
                    ELSE folded.processing_mean_ms
                END
            ), 0) AS latency_ratio,
            CASE
                WHEN folded.work_items_processed IS NULL OR folded.gap_sum <= 1 THEN NULL
                WHEN folded.throughput_slo_per_minute IS NOT NULL THEN
                    60 * folded.recent_item_sum / folded.gap_sum
                    / folded.throughput_slo_per_minute
                WHEN folded.state <> 'idle' AND folded.baseline_item_sum > 0
                    AND folded.baseline_seconds >= 600 THEN
                    folded.recent_item_sum / folded.gap_sum
                    / (folded.baseline_item_sum / folded.baseline_seconds)
                    / (p_policy).throughput_baseline_tolerance
            END AS throughput_ratio,
            CASE
                WHEN folded.error_count IS NOT NULL OR folded.error_sum > 0 THEN
                    health_internal.score_error_rate(
                        folded.error_sum, folded.item_sum,
                        health_internal.seconds_between(folded.run_started_at, folded.last_at),
                        (p_turn).slow_seconds, (p_policy).error_rate_scale, (p_policy).errors_per_minute_scale
                    )
            END AS errors,
            health_internal.score_resource_efficiency(
                folded.cpu_mean_percent,
                CASE
                    WHEN folded.memory_limit_mb > 0
                        THEN folded.memory_usage_mb / folded.memory_limit_mb
                END,
                CASE
                    WHEN folded.memory_mean_mb > folded.slow_memory_mean_mb
                        AND folded.memory_limit_mb > 0
                        THEN health_internal.seconds_to_exhaustion(
                            folded.memory_mean_mb, folded.slow_memory_mean_mb,
                            health_internal.seconds_between(folded.run_started_at, folded.last_at),
                            (p_turn).fast_seconds, (p_turn).slow_seconds, folded.memory_usage_mb, folded.memory_limit_mb
                        )
                END / (p_policy).exhaustion_horizon_seconds,
                (p_policy).cpu_soft_percent, (p_policy).cpu_hard_percent, (p_policy).cpu_floor,
                (p_policy).memory_soft_share, (p_policy).memory_hard_share
            ) AS resources,
            health_internal.score_business_impact(
                folded.cost_efficiency, folded.user_satisfaction, folded.operational_efficiency,
                folded.revenue_impact_usd, (p_policy).revenue_loss_limit_usd
            ) AS business
        FROM health_internal.fold_usual_beats(p_turn, p_policy) AS folded
        OFFSET 0
    ),

    -- How long the silence lasts, and its deadlines in seconds.
    timed AS (
        SELECT
            measured.*,
            greatest(0, health_internal.seconds_between(measured.last_at, (p_turn).now) - measured.blind) AS silent,
            measured.grace_seconds + CASE
                WHEN measured.state = 'initializing' THEN greatest(
                    (p_policy).startup_grace_seconds,
                    measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[1], measured.late_intervals)
                )
                ELSE measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[1], measured.late_intervals)
            END AS late_seconds,
            measured.grace_seconds + CASE
                WHEN measured.state = 'initializing' THEN greatest(
                    (p_policy).startup_grace_seconds,
                    measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[2], measured.unresponsive_intervals)
                )
                ELSE measured.learnt_interval_seconds
                    * coalesce(measured.deadlines[2], measured.unresponsive_intervals)
            END AS unresponsive_seconds,
            health_internal.time_mass(measured.expected_seconds, (p_turn).fast_seconds) AS expected_mass,
            CASE
                WHEN measured.grace_seconds >= 1e9
                    THEN coalesce(health_internal.job_standing(measured.agent_id), 'good')
            END AS job_standing,
            health_internal.score_performance_metrics(
                measured.latency_ratio,
                CASE
                    WHEN measured.latency_slo_ms IS NULL THEN (p_policy).latency_baseline_tolerance
                    ELSE 1
                END,
                CASE
                    WHEN measured.latency_slo_ms IS NULL
                        THEN (p_policy).latency_baseline_zero_ratio
                    ELSE (p_policy).latency_slo_zero_ratio
                END,
                measured.throughput_ratio,
                (p_policy).latency_share
            ) AS performance
        FROM measured
        OFFSET 0
    ),

    lived AS (
        SELECT
            timed.*,
            CASE
                WHEN timed.job_standing IS NULL THEN health_internal.score_heartbeat_consistency(
                    timed.gap_weight, timed.gap_sum, timed.gap_square_sum, timed.expected_mass,
                    CASE
                        WHEN timed.silent > timed.expected_seconds THEN
                            health_internal.open_gap_sum(
                                timed.gap_weight, timed.expected_mass, timed.silent, (p_turn).fast_seconds
                            )
                        ELSE 0
                    END,
                    CASE
                        WHEN timed.session_lost_at IS NOT NULL THEN 0.5
                        WHEN timed.silent <= timed.late_seconds THEN 1
                        ELSE greatest(
                            0,
                            1 - (timed.silent - timed.late_seconds)
                            / greatest(timed.unresponsive_seconds - timed.late_seconds, 1e-3)
                        )
                    END
                )
                ELSE health_internal.score_job(timed.job_standing)
            END AS heartbeat,
            CASE
                WHEN timed.state = 'stopped' THEN 'stopped'
                WHEN timed.silent >= timed.unresponsive_seconds
                    OR (p_turn).now >= timed.session_lost_at
                    + make_interval(secs => (p_policy).session_grace_seconds)
                    THEN CASE
                        WHEN timed.state = 'stopping' THEN 'stopped'
                        ELSE 'unresponsive'
                    END
                WHEN timed.silent >= timed.late_seconds OR timed.session_lost_at IS NOT NULL
                    OR timed.job_standing IN ('missed', 'overdue')
                    THEN 'late'
                WHEN timed.state = 'initializing' THEN 'starting'
                ELSE 'alive'
            END AS liveness
        FROM timed
        OFFSET 0
    )

    -- Components to an ungated score, state and liveness to a gate and an issue.
    SELECT
        lived.row_address, lived.agent_id, lived.last_at, lived.sent_at, lived.state, lived.liveness,
        lived.heartbeat, lived.performance, lived.errors, lived.resources, lived.business,
        lived.silent, lived.blind, lived.late_seconds, lived.unresponsive_seconds,
        lived.session_lost_at, lived.job_standing, lived.deadlines, lived.late_intervals,
        lived.unresponsive_intervals, lived.beat_count, lived.gap_count, lived.gap_weight,
        lived.gap_sum, lived.gap_square_sum, lived.learnt_interval_seconds, lived.mean_gap_seconds,
        lived.gap_bin, lived.bin_weight, lived.error_count, lived.work_items_processed,
        lived.error_sum, lived.item_sum, lived.recent_item_sum, lived.baseline_item_sum,
        lived.baseline_seconds, lived.processing_mean_ms, lived.baseline_processing_ms,
        lived.cpu_mean_percent, lived.memory_mean_mb, lived.slow_memory_mean_mb,
        lived.memory_usage_mb, lived.memory_limit_mb, lived.cost_efficiency,
        lived.user_satisfaction, lived.operational_efficiency, lived.revenue_impact_usd,
        lived.bad_evaluations, lived.issue_evaluations, lived.issue_candidate, lived.issue_type,
        lived.active_conditions,
        health_internal.weighted_mean(
            lived.heartbeat, (p_policy).weight_heartbeat_consistency,
            lived.performance, (p_policy).weight_performance_metrics,
            lived.errors, (p_policy).weight_error_rate,
            lived.resources, (p_policy).weight_resource_efficiency,
            lived.business, (p_policy).weight_business_impact
        ) AS ungated_score,
        CASE
            WHEN lived.liveness = 'alive' AND lived.state IN ('running', 'idle', 'active')
                AND (lived.job_standing = 'good' OR lived.job_standing IS NULL)
                THEN 100
            ELSE least(
                CASE WHEN lived.job_standing = 'failed' THEN (p_policy).gate_error END,
                CASE lived.liveness
                    WHEN 'unresponsive' THEN (p_policy).gate_unresponsive
                    WHEN 'late' THEN (p_policy).gate_late
                    ELSE 100
                END,
                CASE lived.state
                    WHEN 'failed' THEN (p_policy).gate_failed
                    WHEN 'error' THEN (p_policy).gate_error
                    ELSE 100
                END
            )
        END AS gate,
        CASE
            WHEN lived.liveness = 'stopped' THEN NULL
            WHEN lived.liveness = 'unresponsive' OR lived.state = 'failed'
                THEN 'agent_unresponsive'
            WHEN lived.state = 'error' THEN 'high_error_rate'
            WHEN lived.resources <= (p_policy).resource_issue_below THEN 'resource_exhaustion'
            WHEN lived.errors <= (p_policy).error_issue_below THEN 'high_error_rate'
            WHEN lived.performance <= (p_policy).performance_issue_below
                THEN 'performance_degradation'
        END AS new_issue_candidate,
        CASE
            WHEN lived.loss_evaluations = 0
                AND (lived.revenue_impact_usd < - (p_policy).revenue_loss_limit_usd) IS NOT TRUE
                THEN 0
            ELSE health_internal.moved_loss_evaluations(
                lived.loss_evaluations, lived.revenue_impact_usd, lived.liveness,
                lived.active_conditions, p_policy
            )
        END AS new_loss_evaluations
    FROM lived
    OFFSET 0
$$;
COMMENT ON FUNCTION health_internal.assess_agents(health_internal.turn, health.policies) IS
'What is thought of each of the subjects at (p_turn).now under p_policy, beside its running state with '
'the beat taken in. issue_candidate and the evaluations are as they were; new_… what this evaluation '
'makes of them. Inlined.';

COMMIT;
