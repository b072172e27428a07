-- What a recovery and a step of its trail must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.recovery_actions,health.recovery_steps}', $$ SELECT t, 'health_analyst SELECT, health_bridge SELECT' FROM unnest('{health.recovery_actions,health.recovery_steps}'::text []) AS t $$);

INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before) VALUES ('a', 'agent_unresponsive', at(0), at(0));
SELECT refuses(v.name, 'UPDATE health.recovery_actions SET ' || v.change)
FROM (VALUES ('issue_type_is_one_of_five', 'issue_type = ''boredom'''), ('recovery_state_is_known', 'state = ''lost'''), ('hold_is_known', 'hold = ''lunch'''),
    ('a_brake_holds_only_what_waits', 'hold = ''storm'', state = ''executing'', claimed_by = ''w'''), ('a_brake_holds_only_what_waits', 'hold = ''storm'', released_at = at(0)'),
    ('nobody_has_claimed_what_waits', 'state = ''claimed'''), ('nobody_has_claimed_what_waits', 'claimed_by = ''w'''), ('finished_exactly_when_in_a_final_state', 'finished_at = at(1), claimed_by = ''w'', state = ''claimed''')) AS v (name, change);
SELECT refuses('finished_exactly_when_in_a_final_state', format('UPDATE health.recovery_actions SET claimed_by = ''w'', state = %L', v.state)) FROM unnest('{succeeded,failed,escalated,cancelled}'::text []) AS v (state);
SELECT lives_ok($$ UPDATE health.recovery_actions SET hold = 'storm' $$, 'what waits may be held');
-- One of an agent at a time, in whatever state it is on its way.
SELECT refuses('recovery_actions_active_key', format('INSERT INTO health.recovery_actions (agent_id, issue_type, state, claimed_by, created_at, not_before) VALUES (''a'', ''high_error_rate'', %L, %L, at(1), at(1))', v.state, CASE WHEN v.state <> 'pending' THEN 'w' END))
FROM unnest('{pending,claimed,executing,verifying}'::text []) AS v (state);
SELECT lives_ok($$ INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at) SELECT 'a', 'high_error_rate', state, at(1), at(1), at(2) FROM unnest('{succeeded,failed,escalated,cancelled}'::text []) AS state $$, 'beside any number that are over');

-- A step has ended.
INSERT INTO health.recovery_steps (action_id, step, action, worker, started_at, finished_at, outcome) SELECT min(action_id), 1, 'restart_agent', 'w', at(0), at(1), 'failed' FROM health.recovery_actions;
SELECT refuses('step_outcome_is_known', $$ UPDATE health.recovery_steps SET outcome = 'perhaps' $$);
SELECT throws_ok(format('UPDATE health.recovery_steps SET %I = NULL', v.name), '23502', NULL, 'it has its ' || v.name) FROM unnest('{started_at,finished_at,outcome,worker}'::text []) AS v (name);

SELECT * FROM finish();
ROLLBACK;
