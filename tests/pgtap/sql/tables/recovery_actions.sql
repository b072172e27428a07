-- What a recovery and a step of its trail must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.recovery_actions,health.recovery_steps}', $$ SELECT t, 'health_analyst SELECT, health_bridge SELECT' FROM unnest('{health.recovery_actions,health.recovery_steps}'::text []) AS t $$);

INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before) VALUES ('a', 'agent_unresponsive', at(0), at(0));
SELECT refuses(v.name, 'UPDATE health.recovery_actions SET ' || v.change)
FROM (VALUES ('issue_type_is_one_of_five', 'issue_type = ''boredom'''), ('recovery_state_is_known', 'state = ''lost'''), ('hold_is_known', 'hold = ''lunch'''),
    ('a_brake_holds_only_what_waits', 'hold = ''storm'', state = ''executing'''), ('a_brake_holds_only_what_waits', 'hold = ''storm'', released_at = at(0)'),
    ('finished_exactly_when_in_a_final_state', 'finished_at = at(1)')) AS v (name, change);
SELECT refuses('finished_exactly_when_in_a_final_state', format('UPDATE health.recovery_actions SET state = %L', v.state)) FROM unnest('{succeeded,failed,escalated,cancelled}'::text []) AS v (state);
SELECT lives_ok($$ UPDATE health.recovery_actions SET hold = 'storm' $$, 'what waits may be held');
-- One of an agent at a time, in whatever state it is on its way.
SELECT refuses('recovery_actions_active_key', format('INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before) VALUES (''a'', ''high_error_rate'', %L, at(1), at(1))', v.state))
FROM unnest('{pending,claimed,executing,verifying}'::text []) AS v (state);
SELECT lives_ok($$ INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at) SELECT 'a', 'high_error_rate', state, at(1), at(1), at(2) FROM unnest('{succeeded,failed,escalated,cancelled}'::text []) AS state $$, 'beside any number that are over');

INSERT INTO health.recovery_steps (action_id, step, action, worker, started_at) SELECT min(action_id), 1, 'restart_agent', 'w', at(0) FROM health.recovery_actions;
SELECT refuses('recovery_steps_action_fkey', $$ UPDATE health.recovery_steps SET action_id = -1 $$);
SELECT refuses('step_outcome_is_known', $$ UPDATE health.recovery_steps SET finished_at = at(1), outcome = 'perhaps' $$);
SELECT refuses('a_step_that_finished_has_an_outcome', $$ UPDATE health.recovery_steps SET finished_at = at(1) $$);
SELECT refuses('a_step_that_finished_has_an_outcome', $$ UPDATE health.recovery_steps SET outcome = 'failed' $$);
DELETE FROM health.recovery_actions;
SELECT is_empty('SELECT FROM health.recovery_steps', 'a recovery takes its trail along');

SELECT * FROM finish();
ROLLBACK;
