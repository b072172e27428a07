-- What a version of a policy must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.policies}', $$ VALUES ('health.policies', 'health_analyst SELECT') $$);

SELECT refuses('policies_class_version_key', $$ INSERT INTO health.policies (policy_class, version) SELECT policy_class, version FROM health.policies $$);
-- Each setting just too small and just too large.
SELECT refuses(v.name, format('SELECT health.set_policy(''standard'', %L)', jsonb_build_object(v.setting, bad.value)))
FROM (VALUES
    ('anomalies_need_points_and_scores_that_exist', 'anomaly_lasting_points', '{0}'), ('anomalies_need_points_and_scores_that_exist', 'anomaly_agent_score', '{-0.1,1.1,NaN}'),
    ('anomalies_need_points_and_scores_that_exist', 'anomaly_alone_score', '{-0.1,1.1,NaN}'), ('anomaly_metrics_limit_is_0_to_100000', 'anomaly_metrics_limit', '{-1,100001}'),
    ('confirmation_needs_1_to_20_evaluations', 'confirm_bad', '{0,21}'), ('confirmation_needs_1_to_20_evaluations', 'confirm_of', '{0,21}'),
    ('deadlines_are_late_first_and_at_least_one_interval', 'young_late_intervals', '{0.9,NaN}'), ('deadlines_are_late_first_and_at_least_one_interval', 'young_unresponsive_intervals', '{0.9,1001,NaN}'),
    ('deadlines_are_late_first_and_at_least_one_interval', 'hard_limit_intervals', '{0.9,1001,NaN}'), ('deadlines_are_late_first_and_at_least_one_interval', 'young_beats', '{0}'),
    ('deadlines_are_late_first_and_at_least_one_interval', 'late_false_alarm_cost', '{0,NaN}'), ('deadlines_are_late_first_and_at_least_one_interval', 'unresponsive_false_alarm_cost', '{0,1000000001,NaN}'),
    ('emergency_is_not_above_critical', 'critical_below', '{-1,101,NaN}'), ('emergency_is_not_above_critical', 'emergency_below', '{-1,101,NaN}'),
    ('foresight_limits_are_positive_and_finite', 'exhaustion_alert_seconds', '{0,1000000001,NaN}'), ('foresight_limits_are_positive_and_finite', 'expected_interval_band', '{0,1,NaN}'),
    ('gates_are_between_0_and_100', 'gate_late', '{-1,101}'), ('gates_are_between_0_and_100', 'gate_error', '{-1,101}'), ('gates_are_between_0_and_100', 'gate_failed', '{-1,101}'),
    ('gates_are_between_0_and_100', 'gate_unresponsive', '{-1,101,NaN}'),
    ('limits_of_recovery_are_positive_and_finite', 'recovery_group_budget_count', '{0}'), ('limits_of_recovery_are_positive_and_finite', 'recovery_parent_seconds', '{0,1000000001,NaN}'),
    ('limits_of_recovery_are_positive_and_finite', 'stuck_idle_seconds', '{0,1000000001}'), ('limits_of_recovery_are_positive_and_finite', 'stuck_blocking_seconds', '{0,1000000001}'),
    ('status_limits_descend_from_100_to_0', 'excellent_from', '{69,101,NaN}'), ('status_limits_descend_from_100_to_0', 'good_from', '{59,81}'), ('status_limits_descend_from_100_to_0', 'fair_from', '{39,71}'),
    ('status_limits_descend_from_100_to_0', 'poor_from', '{-1,61}'),
    ('times_are_positive_and_finite', 'default_expected_interval_seconds', '{0,1000000001,NaN}'), ('times_are_positive_and_finite', 'startup_grace_seconds', '{0,1000000001}'),
    ('times_are_positive_and_finite', 'session_grace_seconds', '{-1,1000000001,NaN}'), ('times_are_positive_and_finite', 'recovery_backoff_seconds', '{0,1000000001}'),
    ('times_are_positive_and_finite', 'recovery_backoff_limit_seconds', '{0,1000000001}'), ('times_are_positive_and_finite', 'recovery_budget_window_seconds', '{0,1000000001}'),
    ('times_are_positive_and_finite', 'recovery_claim_seconds', '{0,1000000001}'), ('times_are_positive_and_finite', 'recovery_execution_seconds', '{0,1000000001}'),
    ('scales_are_finite_and_from_1e_minus_9_to_1e9', 'error_rate_scale', '{0,1000000001,NaN}'), ('scales_are_finite_and_from_1e_minus_9_to_1e9', 'revenue_loss_limit_usd', '{0,1000000001}'),
    ('scales_leave_room_between_best_and_worst', 'latency_share', '{-0.1,1.1,NaN}'), ('scales_leave_room_between_best_and_worst', 'cpu_floor', '{-1,101}'), ('scales_leave_room_between_best_and_worst', 'verify_beats', '{0}'),
    ('scales_leave_room_between_best_and_worst', 'recovery_budget_count', '{0}'), ('scales_leave_room_between_best_and_worst', 'recovered_margin', '{-0.1}'), ('scales_leave_room_between_best_and_worst', 'throughput_baseline_tolerance', '{1.1}'),
    ('weights_are_not_negative_and_sum_to_1', 'weight_error_rate', '{0.21,-0.2,NaN}')
) AS v (name, setting, bad_values)
CROSS JOIN LATERAL unnest(v.bad_values::text []) AS bad (value);
SELECT refuses('anomaly_columns_are_gauges_of_a_heartbeat', $$ SELECT health.set_policy('standard', '{"anomaly_columns": ["error_count"]}') $$);
SELECT is((SELECT max(version) FROM health.policies WHERE policy_class = 'standard'), 1, 'no version came of all that');

SELECT * FROM finish();
ROLLBACK;
