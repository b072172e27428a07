-- Ingest: heartbeats, and what is refused.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.bridge_heartbeat,
        health.heartbeat,
        health.update_agent_state,
        health_internal.counter_of,
        health_internal.number_of
    }',
    $$
    VALUES
    ('health.bridge_heartbeat(text,jsonb)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.heartbeat(text,text,jsonb)', 'f', 'plpgsql', 'v', false, 'health_admin, health_agent, health_bridge'),
    ('health.update_agent_state(text,text)', 'f', 'sql', 'v', false, 'health_admin, health_agent, health_bridge'),
    ('health_internal.counter_of(jsonb,text)', 'f', 'plpgsql', 'i', false, 'health_admin, health_agent, health_bridge'),
    ('health_internal.number_of(jsonb,text,text)', 'f', 'plpgsql', 'i', false, 'health_admin, health_agent, health_bridge')
    $$
);

SELECT is(health_internal.number_of('{"x": 1.5, "y": "2", "z": null}', 'x'), 1.5::float8, 'a number is read');
SELECT is(health_internal.number_of('{"y": "2"}', 'x', 'y'), 2::float8, 'or its other name, also as text');
SELECT is(health_internal.number_of('{"z": null}', 'z'), NULL, 'null is no number');
SELECT throws_ok($$ SELECT health_internal.number_of('{"x": "many"}', 'x') $$, 'AG002',
    'metric "x" is not a number: "many"', 'words are refused');
SELECT throws_ok($$ SELECT health_internal.number_of('{"x": {}}', 'x') $$, 'AG002', NULL, 'and documents');
SELECT throws_ok($$ SELECT health_internal.number_of('{"x": 1e400}', 'x') $$, 'AG002', NULL, 'and 1e400');
SELECT is(health_internal.counter_of('{"x": 3}', 'x'), 3::bigint, 'a counter is read');
SELECT throws_ok($$ SELECT health_internal.counter_of('{"x": 3.5}', 'x') $$, 'AG002', NULL, 'a half is no count');
SELECT throws_ok($$ SELECT health_internal.counter_of('{"x": "NaN"}', 'x') $$, 'AG002', NULL, 'nor is NaN');
SELECT lives_ok($$ SELECT health.heartbeat('a1', 'active', '{
    "performance_metrics": {"work_items_processed": 7, "average_processing_time_ms": 2.5},
    "resource_usage": {"cpu_usage_percent": 12, "memory_usage_mb": 100, "memory_limit_mb": 200},
    "business_metrics": {"user_satisfaction_impact": 90, "revenue_impact": -3},
    "error_count": 2, "run_id": "r1", "signal": "start", "colour": "green"}') $$, 'nested metrics are taken');
SELECT rows_are(
    $$ SELECT state::text, work_items_processed::bigint, average_processing_time_ms::float8,
        cpu_usage_percent::float8, memory_limit_mb::float8, user_satisfaction::float8,
        revenue_impact_usd::float8, error_count::bigint, run_id::text, signal::text, attributes::jsonb
       FROM health.agent_heartbeats WHERE agent_id = 'a1' $$,
    $$ VALUES ('active', 7::bigint, 2.5::float8, 12::float8, 200::float8, 90::float8, -3::float8, 2::bigint,
        'r1', 'start', '{"colour": "green"}'::jsonb) $$,
    'known names go to columns, others to attributes'
);
SELECT throws_ok($$ SELECT health.heartbeat('a1', 'running', '[1]') $$, 'AG002',
    'metrics of a heartbeat must be a JSON object, not array', 'an array is refused');
SELECT throws_ok($$ SELECT health.heartbeat('a1', 'running', '{"sent_at": "noon"}') $$, 'AG002', NULL, 'sent_at is a time');
SELECT throws_ok($$ SELECT health.heartbeat('a1', 'dancing') $$, '23514', NULL, 'an unknown state is refused');
SELECT throws_ok($$ SELECT health.heartbeat('a1', 'running', '{"error_count": -1}') $$, '23514', NULL, 'and a negative counter');
SELECT throws_ok($$ SELECT health.heartbeat(E'a\nb') $$, '23514', NULL, 'and an id with a newline');
SELECT lives_ok($$ SELECT health.heartbeat('a1', NULL, NULL) $$, 'an empty heartbeat is one');
SELECT lives_ok($$ SELECT health.update_agent_state('a1', 'idle') $$, 'a state alone is a heartbeat');
SELECT throws_ok($$ SELECT health.bridge_heartbeat('a1') $$, 'AG006', NULL, 'a bridge is called bridge:NAME');
SELECT lives_ok($$ SELECT health.bridge_heartbeat('bridge:x', '{"claimed": 1}') $$, 'a bridge beats');
SELECT is((SELECT agent_type FROM health.agents WHERE agent_id = 'bridge:x'), 'bridge', 'and registers itself');

SELECT * FROM finish();
ROLLBACK;
