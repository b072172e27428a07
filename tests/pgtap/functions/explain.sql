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
SELECT lives_ok($$ SELECT * FROM health.explain('heartbeat_health_agent') $$, 'the engine explains itself');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.explain('a1') $$, '42501', NULL, 'agents read no scores');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
