-- What a step of a strategy must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.recovery_strategies}', $$ VALUES ('health.recovery_strategies', 'health_analyst SELECT') $$);

INSERT INTO health.recovery_strategies (policy_class, issue_type, step, action) VALUES ('gold', 'high_error_rate', 1, 'restart_agent');
SELECT refuses('recovery_strategies_pkey', $$ INSERT INTO health.recovery_strategies (policy_class, issue_type, step, action) VALUES ('gold', 'high_error_rate', 1, 'verify') $$);
SELECT refuses(v.name, 'UPDATE health.recovery_strategies SET ' || v.change || ' WHERE policy_class = ''gold''')
FROM (VALUES ('strategy_is_for_one_of_five_issues', 'issue_type = ''boredom'''), ('a_strategy_has_1_to_20_steps', 'step = 0'), ('a_strategy_has_1_to_20_steps', 'step = 21'),
    ('step_action_is_known', 'action = ''pray'''), ('step_timeout_is_1_second_to_1_day', 'timeout_seconds = 0.9'), ('step_timeout_is_1_second_to_1_day', 'timeout_seconds = 86401'),
    ('step_timeout_is_1_second_to_1_day', 'timeout_seconds = ''NaN'''),
    ('run_command_names_its_command_and_nothing_else', 'action = ''run_command'''), ('run_command_names_its_command_and_nothing_else', 'action = ''run_command'', parameters = ''{"command": "x", "line": "rm"}''')) AS v (name, change);
SELECT lives_ok($$ UPDATE health.recovery_strategies SET step = 20, timeout_seconds = 86400 WHERE policy_class = 'gold' $$, 'the limits themselves are allowed');

SELECT * FROM finish();
ROLLBACK;
