-- explain: contributions sum to the score, and say why.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.explain
    }',
    $$
    VALUES
    ('health.explain(text)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge')
    $$
);

SELECT throws_ok($$ SELECT * FROM health.explain('nobody') $$, 'AG001', 'agent "nobody" is not known', 'an unknown agent');
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent)
VALUES ('a1', '2031-05-06 07:00:00+00', 'running', 0, 0, 90), ('a1', '2031-05-06 07:00:10+00', 'error', 2, 10, 90);
SELECT is((health.tick('2031-05-06 07:00:11+00', true)).is_busy, false, 'ticked');
SELECT rows_are($$ SELECT component, weight, policy_version FROM health.explain('a1') $$,
    $$ VALUES ('heartbeat_consistency', 0.3::float8, 1), ('performance_metrics', 0.25, 1), ('error_rate', 0.2, 1),
        ('resource_efficiency', 0.15, 1), ('business_impact', 0.1, 1), ('gate', NULL, 1) $$, 'one row per component, and the gate');
SELECT ok(abs(sum(e.contribution) - min(s.score)) < 1e-9, 'contributions sum to the score')
FROM health.explain('a1') AS e, health.agent_status AS s WHERE s.agent_id = 'a1';
SELECT is((SELECT score FROM health.agent_status WHERE agent_id = 'a1'), 39::float8, 'an agent in error has at most 39');
SELECT ok((SELECT contribution < 0 AND gate = 39 FROM health.explain('a1') WHERE component = 'gate'), 'the gate takes away');
SELECT is((SELECT raw_inputs ->> 'note' FROM health.explain('a1') WHERE component = 'business_impact'),
    'no data: its weight is shared among the others', 'what has no data says so');
SELECT is((SELECT round((raw_inputs ->> 'cpu_percent')::numeric, 6) FROM health.explain('a1') WHERE component = 'resource_efficiency'),
    90.000000, 'raw inputs are shown');
INSERT INTO health.anomalies (agent_id, metric_name, started_at, last_seen_at, ended_at, peak_score, peak_value, expected_low, expected_high, reason)
VALUES ('a1', 'cpu_usage_percent', at(0), at(60), NULL, 0.7, 90, 5, 20, 'value above expected range'),
    ('a1', 'memory_usage_mb', at(0), at(60), at(120), 0.7, 900, 50, 200, 'over');
INSERT INTO health_internal.failure_predictions (agent_id, horizon, probability, threshold, basis, reasons, predicted_at)
VALUES ('a1', '24 hours', 0.8, 0.5, 'trend', '[{"reason": "memory grows"}]', at(60)),
    ('a1', '48 hours', 0.1, 0.5, 'trend', '[]', at(60));
SELECT rows_are($$
    SELECT component, weight, value, contribution, raw_inputs #>> '{episodes,0,metric_name}', jsonb_array_length(raw_inputs -> 'episodes'),
        raw_inputs #>> '{reasons,0,reason}'
    FROM health.explain('a1') WHERE component NOT IN ('heartbeat_consistency', 'performance_metrics', 'error_rate', 'resource_efficiency', 'business_impact', 'gate') $$,
    $$ VALUES ('anomalies', NULL::float8, NULL::float8, 0::float8, 'cpu_usage_percent', 1, NULL),
        ('predicted_failure', NULL, NULL, 0, NULL, NULL, 'memory grows') $$, 'open anomalies and predictions at risk follow, and take no part in the score');
SELECT ok(abs(sum(e.contribution) - min(s.score)) < 1e-9, 'contributions still sum to the score')
FROM health.explain('a1') AS e, health.agent_status AS s WHERE s.agent_id = 'a1';
SELECT lives_ok($$ SELECT * FROM health.explain('heartbeat_health_agent') $$, 'the engine explains itself');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.explain('a1') $$, '42501', NULL, 'agents read no scores');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
