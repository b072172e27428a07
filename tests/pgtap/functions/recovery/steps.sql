-- The ladder: what follows a step that ended, told in one line.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.begin_steps,
        health_internal.end_steps,
        health_internal.step_after,
        health_internal.tell_finished
    }',
    $$
    VALUES
    ('health_internal.begin_steps(timestamp with time zone,bigint[],text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.end_steps(timestamp with time zone,bigint[],text,text,jsonb,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.step_after(jsonb,integer,boolean,text)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.tell_finished(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.beat(p_seconds float8, p_state text DEFAULT 'running', p_agent_id text DEFAULT 'a1')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(at(p_seconds), true)).recoveries_queued;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
SELECT pg_temp.beat(s), pg_temp.beat(s, 'running', 'a2') FROM (VALUES (0), (5), (10)) AS t (s);
SELECT pg_temp.tick(11);
SELECT rows_are(
    $$ SELECT t.n, health_internal.step_after('[{"action": "reload"}, {"action": "restart_agent"}, {"action": "verify"}, {"action": "run_command"}, {"action": "verify"}, {"action": "escalate"}]',
    t.step, t.is_verification, t.outcome) FROM (VALUES
    (1, 1, false, 'succeeded'), (2, 1, false, 'failed'), (3, 1, false, 'refused'), (4, 2, false, 'lost'), (5, 3, true, 'succeeded'),
    (6, 3, true, 'failed'), (7, 4, false, 'failed'), (8, 5, true, 'failed')) AS t (n, step, is_verification, outcome) ORDER BY 1 $$,
    $$ VALUES (1, 2), (2, 4), (3, 4), (4, 3), (5, NULL), (6, 4), (7, 6), (8, 6) $$,
    'a success goes on, a failure behind the next verify, a verification ends it or goes on');
SELECT is(health_internal.step_after('[{"action": "restart_agent"}, {"action": "verify"}]', 1, false, 'failed'), 3, 'beyond the last there is nothing');
SELECT health.set_recovery_strategy('standard', 'agent_unresponsive', $$[{"action": "restart_agent"}, {"action": "verify"},
    {"action": "run_command", "parameters": {"command": "drain"}}, {"action": "reload"}, {"action": "verify", "timeout_seconds": 40}, {"action": "escalate"}]$$);
SELECT pg_temp.beat(12, 'failed'); SELECT pg_temp.tick(12);
CREATE TEMP TABLE c ON COMMIT DROP AS SELECT * FROM health.claim_recovery_actions('w1', 1, NULL, at(13));
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(13)), true, 'a restart begins') FROM c;
SELECT is(health.report_recovery_action(action_id, fencing_token, 'failed', '{"exit_code": 3}', at(25)), true, 'and fails') FROM c;
SELECT is((latest()).state, 'pending', 'the next rung waits for a bridge');
SELECT rows_are($$ SELECT action, parameters, attempt FROM health.claim_recovery_actions('w1', 1, NULL, at(25)) $$,
    $$ VALUES ('run_command', '{"command": "drain"}'::jsonb, 1) $$, 'in the same attempt');
SELECT is(health.report_recovery_action((latest()).action_id, (latest()).fencing_token, 'succeeded', '{}', at(26)), true, 'it is done');
SELECT is((latest()).action, 'reload', 'what belongs together follows');
SELECT is(report(27, 'succeeded'), true, 'done too');
SELECT is((latest()).state, 'verifying', 'and is verified');
SELECT is((latest()).verify_until, at(67), 'within the time-out of its step');
SELECT is((latest()).action, 'reload', 'what was done stays readable');
SELECT pg_temp.beat(s) FROM (VALUES (30), (35), (40), (45)) AS t (s); SELECT pg_temp.tick(46);
SELECT is((latest()).state, 'succeeded', 'three good heartbeats later it has succeeded');
SELECT is(story(), 'restart failed after 12 s: exit code 3; command drain; reload; verified', 'an operator reads it in one line');
SELECT is((SELECT count(*) FROM health.system_events WHERE event_type = 'automated_recovery' AND (event_data ->> 'success')::boolean), 1::bigint, 'an event tells of it');
-- All fails: a person.
SELECT pg_temp.beat(50, 'failed'); SELECT pg_temp.tick(50); SELECT pg_temp.tick(57);
SELECT is(report(57, 'refused', '{"reason": "not configured"}'), true, 'a refusal goes on to the next rung');
SELECT is((latest()).action, 'run_command', 'too');
SELECT is(report(58, 'failed', '{"reason": "no such host"}'), true, 'a failure skips what belongs to it');
SELECT is((latest()).state, 'escalated', 'the last step asks a person');
SELECT is(story(), 'restart refused: not configured; command drain failed after 0 s: no such host; a person is asked', 'and says why');
SELECT pg_temp.tick(59);
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT pg_temp.tick(60); SELECT pg_temp.tick(700);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE agent_id = 'a1'), 2::bigint, 'what is a person''s stays his');

SELECT * FROM finish();
ROLLBACK;
