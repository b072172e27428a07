-- Strategies: ordered steps per class and issue, checked before they are taken.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.set_recovery_strategy,
        health_internal.strategies,
        health_internal.strategy_problem
    }',
    $$
    VALUES
    ('health.set_recovery_strategy(text,text,jsonb)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health_internal.strategies()', 'f', 'sql', 's', false, ''),
    ('health_internal.strategy_problem(jsonb)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT is((SELECT count(DISTINCT issue_type) FROM health.recovery_strategies WHERE policy_class = 'standard'), 5::bigint,
    'each of the five issues has a strategy from the start');
SELECT is((SELECT count(*) FROM health_internal.strategies() WHERE steps -> -1 ->> 'action' = 'verify'), 5::bigint,
    'and each ends by being verified');
SELECT health.set_policy('edge', '{}');
SELECT is((SELECT steps ->> 0 FROM health_internal.strategies() WHERE policy_class = 'edge' AND issue_type = 'agent_unresponsive'),
    '{"action": "restart_agent"}', 'a class without steps of its own uses those of standard');
SELECT is(health.set_recovery_strategy('edge', 'agent_unresponsive', $$[
    {"action": "run_command", "parameters": {"command": "drain"}, "timeout_seconds": 20}, {"action": "reload"}, {"action": "verify"},
    {"action": "restart_agent"}, {"action": "verify", "timeout_seconds": 90}, {"action": "escalate"}]$$), 6, 'six steps are set');
SELECT rows_are($$ SELECT step, action, parameters, timeout_seconds FROM health.recovery_strategies WHERE policy_class = 'edge' ORDER BY step $$,
    $$ VALUES (1, 'run_command', '{"command": "drain"}'::jsonb, 20::float8), (2, 'reload', '{}', NULL), (3, 'verify', '{}', NULL),
    (4, 'restart_agent', '{}', NULL), (5, 'verify', '{}', 90), (6, 'escalate', '{}', NULL) $$, 'in order');
SELECT is(health.set_recovery_strategy('edge', 'agent_unresponsive', '[{"action": "escalate"}]'), 1, 'a new one replaces the old');
SELECT is((SELECT count(*) FROM health.recovery_strategies WHERE policy_class = 'edge'), 1::bigint, 'whole');
SELECT rows_are(
    $$ SELECT t.steps, health_internal.strategy_problem(t.steps::jsonb) FROM (VALUES
    (1, NULL), (2, '{}'), (3, '[]'), (4, '[1]'), (5, '[{"step": "reload"}]'), (6, '[{"action": null}]'), (7, '[{"action": "rm -rf"}]'),
    (8, '[{"action": "verify", "timeout_seconds": "soon"}]'), (9, '[{"action": "verify", "timeout_seconds": 0}]'),
    (10, '[{"action": "run_command"}, {"action": "verify"}]'), (11, '[{"action": "escalate"}, {"action": "verify"}]'),
    (12, '[{"action": "restart_agent"}]'), (13, '[{"action": "reload"}, {"action": "escalate"}]'),
    (14, '[{"action": "verify"}]'), (15, '[{"action": "reload"}, {"action": "verify"}, {"action": "escalate"}]'),
    (16, '[{"action": "verify"}, {"action": "reload"}]'), (17, '[{"action": "reload"}, {"action": "restart_agent"}, {"action": "escalate"}]'), (18, '[{"b": 1, "a": 2, "action": "verify"}]'),
    (19, '[{"action": "verify", "timeout_seconds": 86401}]'), (20, '[{"action": "verify", "timeout_seconds": 1}, {"action": "verify", "timeout_seconds": 86400}]')) AS t (n, steps) ORDER BY t.n $$,
    $$ VALUES
    (NULL, 'the steps are no JSON array'), ('{}', 'the steps are no JSON array'), ('[]', '0 steps are not 1 to 20'), ('[1]', 'step 1 is no JSON object'),
    ('[{"step": "reload"}]', 'step 1 has an unknown key "step"'), ('[{"action": null}]', 'step 1 names no action'),
    ('[{"action": "rm -rf"}]', 'step 1 has an unknown action "rm -rf"'),
    ('[{"action": "verify", "timeout_seconds": "soon"}]', 'step 1 has a timeout_seconds that is no number'),
    ('[{"action": "verify", "timeout_seconds": 0}]', 'step 1 has a timeout_seconds outside 1 to 86400'),
    ('[{"action": "run_command"}, {"action": "verify"}]', 'step 1 runs a command but its parameters name none'),
    ('[{"action": "escalate"}, {"action": "verify"}]', 'step 1 escalates, and others follow it'),
    ('[{"action": "restart_agent"}]', 'step 1 is not followed by a verify'),
    ('[{"action": "reload"}, {"action": "escalate"}]', 'step 1 is not followed by a verify'),
    ('[{"action": "verify"}]', NULL), ('[{"action": "reload"}, {"action": "verify"}, {"action": "escalate"}]', NULL),
    ('[{"action": "verify"}, {"action": "reload"}]', 'step 2 is not followed by a verify'), ('[{"action": "reload"}, {"action": "restart_agent"}, {"action": "escalate"}]', 'step 1 is not followed by a verify'),
    ('[{"b": 1, "a": 2, "action": "verify"}]', 'step 1 has an unknown key "a"'), ('[{"action": "verify", "timeout_seconds": 86401}]', 'step 1 has a timeout_seconds outside 1 to 86400'),
    ('[{"action": "verify", "timeout_seconds": 1}, {"action": "verify", "timeout_seconds": 86400}]', NULL) $$,
    'what cannot be used is said so, and why');
SELECT rows_are($$ SELECT n, health_internal.strategy_problem((SELECT jsonb_agg('{"action": "verify"}'::jsonb) FROM generate_series(1, n))) FROM unnest('{20,21}'::int []) AS n $$, $$ VALUES (20, NULL), (21, '21 steps are not 1 to 20') $$, 'twenty steps are enough');
SELECT throws_ok($$ SELECT health.set_recovery_strategy('standard', NULL, '[{"action": "verify"}]') $$, 'RC004', NULL, 'NULL is no issue');
SELECT throws_ok($$ SELECT health.set_recovery_strategy(NULL, 'high_error_rate', '[{"action": "verify"}]') $$, 'AG004', NULL, 'and no class');
SELECT throws_ok($$ SELECT health.set_recovery_strategy('standard', 'high_error_rate', '[{"action": "restart_agent"}]') $$, 'RC005',
    'the strategy cannot be used: step 1 is not followed by a verify', 'and refused');
SELECT throws_ok($$ SELECT health.set_recovery_strategy('nobody', 'high_error_rate', '[{"action": "verify"}]') $$, 'AG004', NULL, 'for a known class');
SELECT throws_ok($$ SELECT health.set_recovery_strategy('standard', 'boredom', '[{"action": "verify"}]') $$, 'RC004', NULL, 'and a known issue');
SELECT throws_ok($$ SELECT health.set_recovery_strategy('standard', 'high_error_rate',
    '[{"action": "run_command", "parameters": {"command": "x", "shell": "rm"}}, {"action": "verify"}]') $$, '23514', NULL,
    'a command is a name and nothing else');
SELECT throws_ok($$ SELECT health.set_recovery_strategy('standard', 'high_error_rate',
    '[{"action": "restart_agent", "parameters": {"command": "rm"}}, {"action": "verify"}]') $$, '23514', NULL, 'a restart takes no parameters');
SELECT is((SELECT count(*) FROM health.recovery_strategies WHERE policy_class = 'standard' AND issue_type = 'high_error_rate'), 2::bigint,
    'a refused one leaves the old');
SET LOCAL ROLE health_operator;
SELECT throws_ok($$ SELECT health.set_recovery_strategy('standard', 'high_error_rate', '[{"action": "verify"}]') $$, '42501', NULL, 'administrators set them');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
