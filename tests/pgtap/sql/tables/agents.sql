-- What an agent must be.
BEGIN;

SELECT no_plan();

INSERT INTO health.agents (agent_id, agent_name) VALUES ('a', 'a'), ('b', 'b');
SELECT refuses('agents_pkey', $$ INSERT INTO health.agents (agent_id, agent_name) VALUES ('a', 'again') $$);
SELECT refuses('agents_agent_number_key', $$ INSERT INTO health.agents (agent_id, agent_name, agent_number) OVERRIDING SYSTEM VALUE SELECT 'c', 'c', agent_number FROM health.agents WHERE agent_id = 'b' $$);
SELECT refuses(v.name, format('UPDATE health.agents SET %I = %L WHERE agent_id = ''a''', v.column_name, bad.value))
FROM (VALUES
    ('agent_name_is_1_to_200_bytes_without_control_characters', 'agent_name', ARRAY['', repeat('é', 101), E'a\nb']),
    ('recovery_group_is_1_to_200_bytes_without_control_characters', 'recovery_group', ARRAY['', repeat('é', 101), E'a\tb']),
    ('capabilities_are_a_json_object_or_array_of_at_most_64_kb', 'capabilities', ARRAY['1', '"a"', (SELECT jsonb_agg(md5(n::text))::text FROM generate_series(1, 3000) AS n)]),
    ('labels_are_a_json_object_of_at_most_64_kb', 'labels', ARRAY['1', '[]', (SELECT jsonb_object_agg(n, md5(n::text))::text FROM generate_series(1, 3000) AS n)]),
    ('criticality_is_low_normal_high_or_vital', 'criticality', ARRAY['dear']),
    ('expected_interval_is_100_ms_to_1_year', 'expected_interval', ARRAY['99 ms', '367 days']), ('grace_is_0_to_1_year', 'grace', ARRAY['-1 s', '367 days']), ('max_run_time_is_1_second_to_1_year', 'max_run_time', ARRAY['0.9 s', '367 days']),
    ('objectives_are_from_1e_minus_9_to_1e15', 'latency_slo_ms', ARRAY['0', '1.1e15', 'NaN']), ('objectives_are_from_1e_minus_9_to_1e15', 'throughput_slo_per_minute', ARRAY['0', '1.1e15', 'NaN']),
    ('revenue_is_finite_from_0_to_1e15', 'revenue_usd_per_hour', ARRAY['-1', '1.1e15', 'NaN']), ('manual_recovery_takes_0_minutes_to_1_year', 'manual_recovery_minutes', ARRAY['-1', '527041', 'NaN']),
    ('manual_recovery_costs_0_to_1e12_usd', 'manual_recovery_cost_usd', ARRAY['-1', '1.1e12', 'NaN'])
) AS v (name, column_name, bad_values)
CROSS JOIN LATERAL unnest(v.bad_values) AS bad (value);
SELECT refuses('either_an_interval_or_a_schedule_is_expected', $$ UPDATE health.agents SET expected_interval = '1 h', schedule = '0 * * * *' WHERE agent_id = 'a' $$);
SELECT lives_ok($$ UPDATE health.agents SET agent_name = repeat('é', 100), recovery_group = repeat('a', 200), capabilities = '[]', criticality = 'vital', expected_interval = '366 days', grace = '0', latency_slo_ms = 1e-9,
    revenue_usd_per_hour = 1e15, manual_recovery_minutes = 527040, manual_recovery_cost_usd = 1e12 WHERE agent_id = 'a' $$, 'the limits themselves are allowed');

SELECT * FROM finish();
ROLLBACK;
