-- Types: every CHECK of every domain, with the message it gives.
BEGIN;

SELECT no_plan();

CREATE TEMP TABLE cases (domain text, value text, constraint_name text) ON COMMIT DROP;
INSERT INTO cases
SELECT d, v.value, d || '_is_1_to_200_bytes_without_control_characters'
FROM unnest('{agent_id,metric_name,event_type,run_id,metric_unit}'::text []) AS d,
(VALUES (''), (repeat('x', 201)), (repeat('ü', 101)), (E'a\nb'), (E'a\n'), (E'\na'), (E'a\tb'), (E'\u0001'), (E'\u007f')) AS v (value);
INSERT INTO cases VALUES
('agent_state', 'Running', 'state_is_initializing_active_running_idle_error_failed_stopped'),
('agent_state', '', 'state_is_initializing_active_running_idle_error_failed_stopped'),
('heartbeat_signal', 'smoke', 'signal_is_beat_start_success_fail_or_log'),
('event_severity', 'fatal', 'severity_is_debug_info_warning_error_critical_or_emergency'),
('recovery_issue', 'boredom', 'issue_type_is_one_of_five'),
('recovery_state', 'lost', 'recovery_state_is_known'),
('recovery_hold', 'budget', 'hold_is_known'),
('step_outcome', 'executing', 'step_outcome_is_known'),
('heartbeat_attributes', '[]', 'attributes_are_an_object'),
('heartbeat_attributes', 'null', 'attributes_are_an_object'),
('heartbeat_attributes', format('{"x": "%s"}', repeat('x', 8200)), 'attributes_are_at_most_8_kb'),
('event_data', format('{"x": "%s"}', repeat('x', 66000)), 'event_data_are_at_most_64_kb');
INSERT INTO cases
SELECT d, v, d || '_is_a_counter_from_0_to_1e15'
FROM unnest('{work_items_processed,error_count}'::text []) AS d, unnest('{-1,1000000000000001}'::text []) AS v;
INSERT INTO cases
SELECT d, v, d || '_is_a_plain_number_from_0_to_100'
FROM unnest('{cpu_usage_percent,cost_efficiency,user_satisfaction,operational_efficiency}'::text []) AS d,
    unnest('{-0.001,100.001,NaN,Infinity,-Infinity,1e300,5e-324,1e-101,-1e-101}'::text []) AS v;
INSERT INTO cases
SELECT d, v, d || '_is_a_plain_number_from_0_to_1e15'
FROM unnest('{average_processing_time_ms,memory_usage_mb,memory_limit_mb}'::text []) AS d,
    unnest('{-1,1.1e15,NaN,Infinity,-Infinity,1e300,5e-324,1e-101,-1e-101}'::text []) AS v;
INSERT INTO cases
SELECT d, v, d || '_is_a_plain_number_of_at_most_1e15'
FROM unnest('{revenue_impact_usd,metric_value}'::text []) AS d, unnest('{-1.1e15,1.1e15,NaN,Infinity,-Infinity,1e300,5e-324,-5e-324,1e-101,-1e-101}'::text []) AS v;
SELECT throws_ok(format('SELECT %L::health.%I', value, domain), '23514',
    format('value for domain health.%s violates check constraint "%s"', domain, constraint_name),
    format('%s refuses %s', domain, left(value, 20)))
FROM cases;
SELECT bag_eq($$ SELECT DISTINCT constraint_name FROM cases $$,
    $$ SELECT conname::text FROM pg_constraint WHERE contypid <> 0 AND connamespace = 'health'::regnamespace $$,
    'every CHECK of every domain has its case');
SELECT lives_ok(format('SELECT %L::health.%I', value, domain), format('%s takes %s', domain, left(value, 20)))
FROM (VALUES ('agent_id', repeat('x', 200)), ('agent_id', 'bridge:main'), ('agent_id', 'käfer 7'), ('agent_state', 'idle'),
    ('event_severity', 'WARNING'), ('recovery_issue', 'database_connectivity'), ('recovery_state', 'cancelled'), ('recovery_hold', 'concurrency'), ('step_outcome', 'released'), ('cpu_usage_percent', '100'), ('cpu_usage_percent', '0'), ('metric_value', '-1e15'),
    ('metric_value', '-0'), ('metric_value', '1e-100'), ('error_count', '0'), ('heartbeat_attributes', '{}'), ('event_data', '[1]')) AS v (domain, value);
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id, sent_at, received_at)
    VALUES ('a', '2031-01-01', '2031-01-02 00:00:00.001') $$, '23514', NULL, 'an agent''s clock is within a day');
SELECT throws_ok($$ INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, recorded_at, received_at)
    VALUES ('a', 'm', 1, '2031-01-03 00:00:01', '2031-01-02') $$, '23514', NULL, 'also of a metric');
SELECT throws_ok($$ INSERT INTO health.system_events (agent_id, event_type, occurred_at, received_at)
    VALUES ('a', 'e', 'infinity', '2031-01-02') $$, '23514', NULL, 'and of an event');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (state) VALUES ('running') $$, '23502', NULL, 'a heartbeat has an agent');

SELECT * FROM finish();
ROLLBACK;
