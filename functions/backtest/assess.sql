-- What agent_status would say under another policy: the judgement's own functions over the running state it
-- left, put together a second time (a test holds both together at every tick).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.assess_under(
    p_policy health.policies,
    p_now timestamptz
)
RETURNS TABLE (
    agent_id text,
    judged_at timestamptz,
    liveness text,
    state text,
    ungated_score double precision,
    gate double precision,
    score double precision,
    status text,
    issue_candidate text,
    revenue_impact_usd double precision,
    live_score double precision,
    live_status text
)
LANGUAGE plpgsql
STABLE
SET jit = off
AS $$
DECLARE
    v_settings health.settings;
    v_blindness constant health_internal.blindness := health_internal.recent_blindness();
BEGIN
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    RETURN QUERY
    WITH timed AS (
        SELECT
            known.*,
            coalesce(known.expected_interval_seconds, known.learnt_interval_seconds)
                AS expected_seconds,
            CASE
                WHEN known.gap_count < p_policy.young_beats THEN ARRAY[
                    p_policy.young_late_intervals, p_policy.young_unresponsive_intervals
                ]
                ELSE health_internal.learn_deadlines(
                    known.gap_histogram, known.gap_count - 1, known.learnt_interval_seconds,
                    known.mean_gap_seconds, p_policy.late_false_alarm_cost,
                    p_policy.unresponsive_false_alarm_cost,
                    health_internal.deadline_limit(
                        p_policy.young_late_intervals, p_policy.young_beats,
                        p_policy.hard_limit_intervals, known.gap_count - 1
                    ),
                    health_internal.deadline_limit(
                        p_policy.young_unresponsive_intervals, p_policy.young_beats,
                        p_policy.hard_limit_intervals, known.gap_count - 1
                    )
                )
            END AS deadlines,
            greatest(
                0,
                date_part('epoch', p_now - known.last_heartbeat_at)
                - CASE
                    WHEN known.last_heartbeat_at < (v_blindness).settled_at
                        THEN health_internal.recent_blind_seconds(
                            known.last_heartbeat_at, p_now, v_blindness
                        )
                    ELSE 0
                END
            ) AS silent,
            CASE
                WHEN known.grace_seconds >= 1e9
                    THEN coalesce(health_internal.job_standing(known.agent_id), 'good')
            END AS job_standing
        FROM health.agent_status AS known
        WHERE known.policy_class = p_policy.policy_class AND known.last_heartbeat_at IS NOT NULL
        OFFSET 0
    ),

    late AS (
        SELECT
            timed.*,
            timed.grace_seconds + greatest(
                timed.learnt_interval_seconds * timed.deadlines[1],
                CASE WHEN timed.state = 'initializing' THEN p_policy.startup_grace_seconds END
            ) AS late_seconds,
            timed.grace_seconds + greatest(
                timed.learnt_interval_seconds * timed.deadlines[2],
                CASE WHEN timed.state = 'initializing' THEN p_policy.startup_grace_seconds END
            ) AS unresponsive_seconds,
            health_internal.time_mass(
                timed.expected_seconds, v_settings.heartbeat_memory_seconds
            ) AS expected_mass
        FROM timed
        OFFSET 0
    ),

    measured AS (
        SELECT
            late.*,
            CASE
                WHEN late.state = 'stopped' THEN 'stopped'
                WHEN late.silent >= late.unresponsive_seconds
                    OR p_now >= late.session_lost_at
                    + make_interval(secs => p_policy.session_grace_seconds)
                    THEN CASE WHEN late.state = 'stopping' THEN 'stopped' ELSE 'unresponsive' END
                WHEN late.silent >= late.late_seconds OR late.session_lost_at IS NOT NULL
                    OR late.job_standing IN ('missed', 'overdue') THEN 'late'
                WHEN late.state = 'initializing' THEN 'starting'
                ELSE 'alive'
            END AS new_liveness,
            CASE
                WHEN late.job_standing IS NOT NULL THEN health_internal.score_job(late.job_standing)
                ELSE health_internal.score_heartbeat_consistency(
                    late.gap_weight, late.gap_sum, late.gap_square_sum, late.expected_mass,
                    CASE
                        WHEN late.silent > late.expected_seconds THEN health_internal.open_gap_sum(
                            late.gap_weight, late.expected_mass, late.silent,
                            v_settings.heartbeat_memory_seconds
                        )
                        ELSE 0
                    END,
                    CASE
                        WHEN late.session_lost_at IS NOT NULL THEN 0.5
                        WHEN late.silent <= late.late_seconds THEN 1
                        ELSE greatest(
                            0,
                            1 - (late.silent - late.late_seconds)
                            / greatest(late.unresponsive_seconds - late.late_seconds, 1e-3)
                        )
                    END
                )
            END AS heartbeat,
            health_internal.score_performance_metrics(
                late.processing_mean_ms / nullif(coalesce(
                    late.latency_slo_ms,
                    CASE
                        WHEN late.beat_count >= 10 THEN late.baseline_processing_ms
                        ELSE late.processing_mean_ms
                    END
                ), 0),
                CASE
                    WHEN late.latency_slo_ms IS NULL THEN p_policy.latency_baseline_tolerance
                    ELSE 1
                END,
                CASE
                    WHEN late.latency_slo_ms IS NULL THEN p_policy.latency_baseline_zero_ratio
                    ELSE p_policy.latency_slo_zero_ratio
                END,
                CASE
                    WHEN late.work_items_processed IS NULL OR late.gap_sum <= 1 THEN NULL
                    WHEN late.throughput_slo_per_minute IS NOT NULL THEN
                        60 * late.recent_item_sum / late.gap_sum / late.throughput_slo_per_minute
                    WHEN late.state <> 'idle' AND late.baseline_item_sum > 0
                        AND late.baseline_seconds >= 600 THEN
                        late.recent_item_sum / late.gap_sum
                        / (late.baseline_item_sum / late.baseline_seconds)
                        / p_policy.throughput_baseline_tolerance
                END,
                p_policy.latency_share
            ) AS performance,
            CASE
                WHEN late.error_count IS NOT NULL OR late.error_sum > 0 THEN
                    health_internal.score_error_rate(
                        late.error_sum, late.item_sum,
                        date_part('epoch', late.last_heartbeat_at - late.run_started_at),
                        v_settings.metric_memory_seconds, p_policy.error_rate_scale,
                        p_policy.errors_per_minute_scale
                    )
            END AS errors,
            health_internal.score_resource_efficiency(
                late.cpu_mean_percent,
                CASE
                    WHEN late.memory_limit_mb > 0 THEN late.memory_usage_mb / late.memory_limit_mb
                END,
                CASE
                    WHEN late.memory_mean_mb > late.slow_memory_mean_mb AND late.memory_limit_mb > 0
                        THEN health_internal.seconds_to_exhaustion(
                            late.memory_mean_mb, late.slow_memory_mean_mb,
                            date_part('epoch', late.last_heartbeat_at - late.run_started_at),
                            v_settings.heartbeat_memory_seconds, v_settings.metric_memory_seconds,
                            late.memory_usage_mb, late.memory_limit_mb
                        )
                END / p_policy.exhaustion_horizon_seconds,
                p_policy.cpu_soft_percent, p_policy.cpu_hard_percent, p_policy.cpu_floor,
                p_policy.memory_soft_share, p_policy.memory_hard_share
            ) AS resources,
            health_internal.score_business_impact(
                late.cost_efficiency, late.user_satisfaction, late.operational_efficiency,
                late.revenue_impact_usd, p_policy.revenue_loss_limit_usd
            ) AS business
        FROM late
        OFFSET 0
    ),

    scored AS (
        SELECT
            measured.*,
            health_internal.weighted_mean(
                measured.heartbeat, p_policy.weight_heartbeat_consistency,
                measured.performance, p_policy.weight_performance_metrics,
                measured.errors, p_policy.weight_error_rate,
                measured.resources, p_policy.weight_resource_efficiency,
                measured.business, p_policy.weight_business_impact
            ) AS new_ungated,
            least(
                100,
                CASE WHEN measured.job_standing = 'failed' THEN p_policy.gate_error END,
                CASE measured.new_liveness
                    WHEN 'unresponsive' THEN p_policy.gate_unresponsive
                    WHEN 'late' THEN p_policy.gate_late
                END,
                CASE measured.state
                    WHEN 'failed' THEN p_policy.gate_failed
                    WHEN 'error' THEN p_policy.gate_error
                END
            ) AS new_gate
        FROM measured
        OFFSET 0
    )

    SELECT
        scored.agent_id::text,
        scored.judged_at,
        scored.new_liveness,
        scored.state,
        scored.new_ungated,
        scored.new_gate,
        least(scored.new_ungated, scored.new_gate),
        health.classify_status(
            least(scored.new_ungated, scored.new_gate), p_policy.excellent_from,
            p_policy.good_from, p_policy.fair_from, p_policy.poor_from
        ),
        CASE
            WHEN scored.new_liveness = 'stopped' THEN NULL
            WHEN scored.new_liveness = 'unresponsive' OR scored.state = 'failed'
                THEN 'agent_unresponsive'
            WHEN scored.state = 'error' THEN 'high_error_rate'
            WHEN scored.resources <= p_policy.resource_issue_below THEN 'resource_exhaustion'
            WHEN scored.errors <= p_policy.error_issue_below THEN 'high_error_rate'
            WHEN scored.performance <= p_policy.performance_issue_below
                THEN 'performance_degradation'
        END,
        scored.revenue_impact_usd,
        scored.score,
        scored.status
    FROM scored;
END;
$$;
COMMENT ON FUNCTION health_internal.assess_under(health.policies, timestamptz) IS
'What the agents of a policy''s class would be judged at p_now under it, from the running state of their '
'last heartbeat, beside what is in force. Reads; writes nothing. Deadlines are learnt at once, where the '
'judgement learns them by turns.';

COMMIT;
