-- Policies: every weight, limit and threshold of the judgement, in versioned rows per class of agents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.policies (
    policy_id bigint GENERATED ALWAYS AS IDENTITY,
    policy_class text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    valid_from timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_by text NOT NULL DEFAULT session_user,
    note text,
    weight_heartbeat_consistency double precision NOT NULL DEFAULT 0.30,
    weight_performance_metrics double precision NOT NULL DEFAULT 0.25,
    weight_error_rate double precision NOT NULL DEFAULT 0.20,
    weight_resource_efficiency double precision NOT NULL DEFAULT 0.15,
    weight_business_impact double precision NOT NULL DEFAULT 0.10,
    excellent_from double precision NOT NULL DEFAULT 80,
    good_from double precision NOT NULL DEFAULT 70,
    fair_from double precision NOT NULL DEFAULT 60,
    poor_from double precision NOT NULL DEFAULT 40,
    critical_below double precision NOT NULL DEFAULT 60,
    emergency_below double precision NOT NULL DEFAULT 30,
    recovered_margin double precision NOT NULL DEFAULT 5,
    confirm_bad integer NOT NULL DEFAULT 2,
    confirm_of integer NOT NULL DEFAULT 3,
    gate_late double precision NOT NULL DEFAULT 65,
    gate_error double precision NOT NULL DEFAULT 39,
    gate_failed double precision NOT NULL DEFAULT 20,
    gate_unresponsive double precision NOT NULL DEFAULT 0,
    default_expected_interval_seconds double precision NOT NULL DEFAULT 30,
    young_beats integer NOT NULL DEFAULT 30,
    young_late_intervals double precision NOT NULL DEFAULT 2,
    young_unresponsive_intervals double precision NOT NULL DEFAULT 3,
    late_false_alarm_cost double precision NOT NULL DEFAULT 3,
    unresponsive_false_alarm_cost double precision NOT NULL DEFAULT 100,
    hard_limit_intervals double precision NOT NULL DEFAULT 15,
    session_grace_seconds double precision NOT NULL DEFAULT 0.9,
    startup_grace_seconds double precision NOT NULL DEFAULT 30,
    latency_slo_zero_ratio double precision NOT NULL DEFAULT 4,
    latency_baseline_tolerance double precision NOT NULL DEFAULT 1.5,
    latency_baseline_zero_ratio double precision NOT NULL DEFAULT 5,
    throughput_baseline_tolerance double precision NOT NULL DEFAULT 0.5,
    latency_share double precision NOT NULL DEFAULT 0.7,
    error_rate_scale double precision NOT NULL DEFAULT 0.10,
    errors_per_minute_scale double precision NOT NULL DEFAULT 1,
    cpu_soft_percent double precision NOT NULL DEFAULT 80,
    cpu_hard_percent double precision NOT NULL DEFAULT 100,
    cpu_floor double precision NOT NULL DEFAULT 25,
    memory_soft_share double precision NOT NULL DEFAULT 0.80,
    memory_hard_share double precision NOT NULL DEFAULT 1.00,
    exhaustion_horizon_seconds double precision NOT NULL DEFAULT 1800,
    revenue_loss_limit_usd double precision NOT NULL DEFAULT 1000,
    resource_issue_below double precision NOT NULL DEFAULT 20,
    performance_issue_below double precision NOT NULL DEFAULT 33,
    error_issue_below double precision NOT NULL DEFAULT 40,
    is_recovery_enabled boolean NOT NULL DEFAULT true,
    verify_beats integer NOT NULL DEFAULT 3,
    recovery_backoff_seconds double precision NOT NULL DEFAULT 10,
    recovery_backoff_limit_seconds double precision NOT NULL DEFAULT 300,
    recovery_budget_count integer NOT NULL DEFAULT 3,
    recovery_budget_window_seconds double precision NOT NULL DEFAULT 600,
    recovery_claim_seconds double precision NOT NULL DEFAULT 120,
    recovery_execution_seconds double precision NOT NULL DEFAULT 120,
    recovery_group_budget_count integer NOT NULL DEFAULT 3,
    recovery_parent_seconds double precision NOT NULL DEFAULT 900,
    stuck_idle_seconds double precision NOT NULL DEFAULT 60,
    stuck_blocking_seconds double precision NOT NULL DEFAULT 10,
    anomaly_columns text [] NOT NULL
    DEFAULT '{average_processing_time_ms,cpu_usage_percent,memory_usage_mb}',
    anomaly_metrics_limit integer NOT NULL DEFAULT 20,
    anomaly_lasting_points integer NOT NULL DEFAULT 3,
    anomaly_agent_score double precision NOT NULL DEFAULT 0.7,
    anomaly_alone_score double precision NOT NULL DEFAULT 1,
    exhaustion_alert_seconds double precision NOT NULL DEFAULT 14400,
    expected_interval_band double precision NOT NULL DEFAULT 0.5,
    CONSTRAINT policies_pkey PRIMARY KEY (policy_id),
    CONSTRAINT policies_class_version_key UNIQUE (policy_class, version),
    CONSTRAINT weights_are_not_negative_and_sum_to_1
    CHECK (
        least(
            weight_heartbeat_consistency, weight_performance_metrics, weight_error_rate,
            weight_resource_efficiency, weight_business_impact
        ) >= 0
        AND abs(
            weight_heartbeat_consistency + weight_performance_metrics + weight_error_rate
            + weight_resource_efficiency + weight_business_impact - 1
        ) < 1e-9
    ),
    CONSTRAINT status_limits_descend_from_100_to_0
    CHECK (100 >= excellent_from AND excellent_from >= good_from AND good_from >= fair_from
        AND fair_from >= poor_from AND poor_from >= 0),
    CONSTRAINT emergency_is_not_above_critical
    CHECK (100 >= critical_below AND critical_below >= emergency_below AND emergency_below >= 0),
    CONSTRAINT gates_are_between_0_and_100
    CHECK (least(gate_late, gate_error, gate_failed, gate_unresponsive) >= 0
        AND greatest(gate_late, gate_error, gate_failed, gate_unresponsive) <= 100),
    CONSTRAINT confirmation_needs_1_to_20_evaluations
    CHECK (confirm_bad >= 1 AND confirm_bad <= confirm_of AND confirm_of <= 20),
    CONSTRAINT times_are_positive_and_finite
    CHECK (
        least(
            default_expected_interval_seconds, startup_grace_seconds, exhaustion_horizon_seconds,
            recovery_backoff_seconds, recovery_backoff_limit_seconds,
            recovery_budget_window_seconds, recovery_claim_seconds, recovery_execution_seconds
        ) > 0
        AND greatest(
            default_expected_interval_seconds, startup_grace_seconds, exhaustion_horizon_seconds,
            session_grace_seconds,
            recovery_backoff_seconds, recovery_backoff_limit_seconds,
            recovery_budget_window_seconds, recovery_claim_seconds, recovery_execution_seconds
        ) <= 1e9
        AND session_grace_seconds >= 0
    ),
    CONSTRAINT limits_of_recovery_are_positive_and_finite
    CHECK (
        recovery_group_budget_count >= 1
        AND least(recovery_parent_seconds, stuck_idle_seconds, stuck_blocking_seconds) > 0
        AND greatest(recovery_parent_seconds, stuck_idle_seconds, stuck_blocking_seconds) <= 1e9
    ),
    CONSTRAINT foresight_limits_are_positive_and_finite
    CHECK (
        exhaustion_alert_seconds > 0 AND exhaustion_alert_seconds <= 1e9
        AND expected_interval_band > 0 AND expected_interval_band < 1
    ),
    CONSTRAINT deadlines_are_late_first_and_at_least_one_interval
    CHECK (
        young_late_intervals >= 1 AND young_unresponsive_intervals >= young_late_intervals
        AND hard_limit_intervals >= young_unresponsive_intervals AND hard_limit_intervals <= 1000
        AND young_beats >= 1
        AND late_false_alarm_cost > 0
        AND unresponsive_false_alarm_cost >= late_false_alarm_cost
        AND unresponsive_false_alarm_cost <= 1e9
    ),
    CONSTRAINT scales_leave_room_between_best_and_worst
    CHECK (
        latency_slo_zero_ratio > 1 AND latency_baseline_tolerance >= 1
        AND latency_baseline_zero_ratio > latency_baseline_tolerance
        AND throughput_baseline_tolerance > 0 AND throughput_baseline_tolerance <= 1
        AND latency_share >= 0 AND latency_share <= 1
        AND error_rate_scale > 0 AND errors_per_minute_scale > 0
        AND cpu_hard_percent > cpu_soft_percent AND cpu_soft_percent >= 0
        AND cpu_floor >= 0 AND cpu_floor <= 100
        AND memory_hard_share > memory_soft_share AND memory_soft_share > 0
        AND revenue_loss_limit_usd > 0 AND recovered_margin >= 0
        AND verify_beats >= 1 AND recovery_budget_count >= 1
    ),
    CONSTRAINT scales_are_finite_and_from_1e_minus_9_to_1e9
    CHECK (
        least(
            latency_slo_zero_ratio - 1, latency_baseline_zero_ratio - latency_baseline_tolerance,
            throughput_baseline_tolerance, error_rate_scale, errors_per_minute_scale,
            cpu_hard_percent - cpu_soft_percent, memory_hard_share - memory_soft_share,
            memory_soft_share, revenue_loss_limit_usd, exhaustion_horizon_seconds
        ) >= 1e-9
        AND greatest(
            latency_slo_zero_ratio, latency_baseline_zero_ratio, error_rate_scale,
            errors_per_minute_scale, cpu_hard_percent, memory_hard_share, revenue_loss_limit_usd,
            exhaustion_horizon_seconds, recovered_margin, hard_limit_intervals,
            late_false_alarm_cost
        ) <= 1e9
    ),
    CONSTRAINT anomaly_columns_are_gauges_of_a_heartbeat
    CHECK (anomaly_columns <@ ARRAY[
        'average_processing_time_ms', 'cpu_usage_percent', 'memory_usage_mb', 'cost_efficiency',
        'user_satisfaction', 'operational_efficiency', 'revenue_impact_usd'
    ]),
    CONSTRAINT anomaly_metrics_limit_is_0_to_100000
    CHECK (anomaly_metrics_limit BETWEEN 0 AND 100000),
    CONSTRAINT anomalies_need_points_and_scores_that_exist
    CHECK (anomaly_lasting_points >= 1
        AND anomaly_agent_score >= 0 AND anomaly_agent_score <= 1
        AND anomaly_alone_score >= 0 AND anomaly_alone_score <= 1)
);

COMMENT ON TABLE health.policies IS
'One row per version of a class''s policy; rows are never changed, the highest version of a class is in force.';
COMMENT ON COLUMN health.policies.policy_id IS
'Number of this version, remembered by every assessment.';
COMMENT ON COLUMN health.policies.policy_class IS
'Class of agents the policy is for; standard where an agent names none.';
COMMENT ON COLUMN health.policies.version IS
'Version within the class, 1 upwards; the highest is in force.';
COMMENT ON COLUMN health.policies.valid_from IS 'When this version came into force.';
COMMENT ON COLUMN health.policies.created_by IS 'Who set it.';
COMMENT ON COLUMN health.policies.note IS 'Why.';
COMMENT ON COLUMN health.policies.weight_heartbeat_consistency IS
'Weight of the component heartbeat_consistency.';
COMMENT ON COLUMN health.policies.weight_performance_metrics IS
'Weight of the component performance_metrics.';
COMMENT ON COLUMN health.policies.weight_error_rate IS 'Weight of the component error_rate.';
COMMENT ON COLUMN health.policies.weight_resource_efficiency IS
'Weight of the component resource_efficiency.';
COMMENT ON COLUMN health.policies.weight_business_impact IS
'Weight of the component business_impact.';
COMMENT ON COLUMN health.policies.excellent_from IS 'Lowest score called excellent.';
COMMENT ON COLUMN health.policies.good_from IS 'Lowest score called good.';
COMMENT ON COLUMN health.policies.fair_from IS 'Lowest score called fair.';
COMMENT ON COLUMN health.policies.poor_from IS 'Lowest score called poor; below it critical.';
COMMENT ON COLUMN health.policies.critical_below IS
'Ungated score below which the alert score_critical opens, once confirmed.';
COMMENT ON COLUMN health.policies.emergency_below IS
'Ungated score below which the alert score_emergency opens, at once.';
COMMENT ON COLUMN health.policies.recovered_margin IS
'Points above a threshold at which its alert closes (hysteresis).';
COMMENT ON COLUMN health.policies.confirm_bad IS 'Bad evaluations that confirm a problem …';
COMMENT ON COLUMN health.policies.confirm_of IS '… among this many last ones, at most 20.';
COMMENT ON COLUMN health.policies.gate_late IS 'Highest score of an agent that is late.';
COMMENT ON COLUMN health.policies.gate_error IS 'Highest score of an agent in state error.';
COMMENT ON COLUMN health.policies.gate_failed IS 'Highest score of an agent in state failed.';
COMMENT ON COLUMN health.policies.gate_unresponsive IS
'Highest score of an agent that is unresponsive.';
COMMENT ON COLUMN health.policies.default_expected_interval_seconds IS
'Interval between heartbeats expected of an agent that names none, seconds.';
COMMENT ON COLUMN health.policies.young_beats IS
'Gaps an agent must have shown before its own deadline is learnt; four times as many allow it twice the '
'young deadlines, and so on.';
COMMENT ON COLUMN health.policies.young_late_intervals IS
'Intervals after which a younger agent is late.';
COMMENT ON COLUMN health.policies.young_unresponsive_intervals IS
'Intervals after which a younger agent is unresponsive.';
COMMENT ON COLUMN health.policies.late_false_alarm_cost IS
'Seconds of delay worth one false lateness fewer per agent and day.';
COMMENT ON COLUMN health.policies.unresponsive_false_alarm_cost IS
'Seconds of delay worth one false unresponsiveness fewer per agent and day.';
COMMENT ON COLUMN health.policies.hard_limit_intervals IS
'Learnt intervals after which an agent is unresponsive in any case.';
COMMENT ON COLUMN health.policies.session_grace_seconds IS
'Seconds after a lost attach session until an agent is unresponsive.';
COMMENT ON COLUMN health.policies.startup_grace_seconds IS
'Seconds an agent may take to start, before deadlines hold and after a restart.';
COMMENT ON COLUMN health.policies.latency_slo_zero_ratio IS
'Processing time over its objective at which the latency score is 0; 1 gives 100.';
COMMENT ON COLUMN health.policies.latency_baseline_tolerance IS
'Processing time over its learnt baseline that still scores 100 …';
COMMENT ON COLUMN health.policies.latency_baseline_zero_ratio IS
'… and at which the latency score is 0.';
COMMENT ON COLUMN health.policies.throughput_baseline_tolerance IS
'Share of its learnt throughput that still scores 100.';
COMMENT ON COLUMN health.policies.latency_share IS
'Share of latency in performance_metrics where throughput is known too.';
COMMENT ON COLUMN health.policies.error_rate_scale IS
'Errors per work item at which error_rate is 100/e = 37.';
COMMENT ON COLUMN health.policies.errors_per_minute_scale IS
'Errors per minute at which error_rate is 37, for agents without work items.';
COMMENT ON COLUMN health.policies.cpu_soft_percent IS 'CPU use up to which the CPU part is 100.';
COMMENT ON COLUMN health.policies.cpu_hard_percent IS
'CPU use at which the CPU part reaches its floor.';
COMMENT ON COLUMN health.policies.cpu_floor IS
'Lowest value of the CPU part: a busy CPU alone restarts nobody.';
COMMENT ON COLUMN health.policies.memory_soft_share IS
'Share of the memory limit up to which the memory part is 100.';
COMMENT ON COLUMN health.policies.memory_hard_share IS
'Share of the memory limit at which the memory part is 0.';
COMMENT ON COLUMN health.policies.exhaustion_horizon_seconds IS
'Predicted time to memory exhaustion below which the trend part falls under 100.';
COMMENT ON COLUMN health.policies.revenue_loss_limit_usd IS
'Revenue lost per hour at which the revenue part is 0, US dollars.';
COMMENT ON COLUMN health.policies.resource_issue_below IS
'Component resource_efficiency at or below which resource_exhaustion is an issue.';
COMMENT ON COLUMN health.policies.performance_issue_below IS
'Component performance_metrics at or below which performance_degradation is an issue.';
COMMENT ON COLUMN health.policies.error_issue_below IS
'Component error_rate at or below which high_error_rate is an issue.';
COMMENT ON COLUMN health.policies.is_recovery_enabled IS
'Whether recoveries are queued for agents of this class.';
COMMENT ON COLUMN health.policies.verify_beats IS 'Good heartbeats after a restart that prove it.';
COMMENT ON COLUMN health.policies.recovery_backoff_seconds IS
'Wait before the second attempt, doubling with each further one …';
COMMENT ON COLUMN health.policies.recovery_backoff_limit_seconds IS '… up to this wait.';
COMMENT ON COLUMN health.policies.recovery_budget_count IS
'Attempts allowed within the window, then a person is asked.';
COMMENT ON COLUMN health.policies.recovery_budget_window_seconds IS
'Window of the budget; also the healthy time after which the back-off starts anew.';
COMMENT ON COLUMN health.policies.recovery_claim_seconds IS
'Seconds a queued recovery waits for a bridge before a person is asked.';
COMMENT ON COLUMN health.policies.recovery_execution_seconds IS
'Seconds a step of a recovery may execute before it counts as failed.';
COMMENT ON COLUMN health.policies.recovery_group_budget_count IS
'Attempts allowed within the window for all agents of one recovery_group together.';
COMMENT ON COLUMN health.policies.recovery_parent_seconds IS
'Seconds a recovery waits for a dead parent before a person is asked.';
COMMENT ON COLUMN health.policies.stuck_idle_seconds IS
'Seconds an agent''s database session may idle in a transaction before it is stuck.';
COMMENT ON COLUMN health.policies.stuck_blocking_seconds IS
'Seconds others may wait for its locks before it is stuck.';
COMMENT ON COLUMN health.policies.anomaly_columns IS
'Columns of its heartbeats that are watched for anomalies.';
COMMENT ON COLUMN health.policies.anomaly_metrics_limit IS
'Series of performance_metrics that are watched for anomalies, per agent; the first to come.';
COMMENT ON COLUMN health.policies.anomaly_lasting_points IS
'Strange minutes after which a single series raises the alert anomaly.';
COMMENT ON COLUMN health.policies.anomaly_agent_score IS
'Score from which the series of an agent together raise the alert anomaly; they are on record from 0.5; '
'1: never.';
COMMENT ON COLUMN health.policies.anomaly_alone_score IS
'Score from which one strange minute of a single series raises the alert; 1: never.';
COMMENT ON COLUMN health.policies.exhaustion_alert_seconds IS
'Time to the earliest plausible exhaustion of a resource below which exhaustion_ahead is found.';
COMMENT ON COLUMN health.policies.expected_interval_band IS
'Share by which the learnt interval may differ from the expected one before correcting it is recommended.';

CREATE VIEW health.current_policies
WITH (security_invoker = false) AS
SELECT DISTINCT ON (policies.policy_class) policies.*
FROM health.policies
ORDER BY policies.policy_class ASC, policies.version DESC;
COMMENT ON VIEW health.current_policies IS
'One row per class: the policy in force. Columns as in policies; stable within a major version.';
CALL health_internal.hand_on_comments('health.current_policies', 'health.policies');

GRANT SELECT ON health.policies, health.current_policies TO health_analyst;

COMMIT;
