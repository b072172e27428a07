-- The ladder: what follows a step that ended, told in one line.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.end_steps,
        health_internal.step_after,
        health_internal.tell_finished
    }',
    $$
    VALUES
    ('health_internal.end_steps(timestamp with time zone,bigint[],text,text,jsonb,boolean,bigint)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.step_after(jsonb,integer,boolean,text)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.tell_finished(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, '')
    $$
);

SELECT two_agents();
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
SELECT beat('a1', 12, 'failed'); SELECT tick(12);
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
SELECT beat('a1', s) FROM (VALUES (30), (35), (40), (45)) AS t (s); SELECT tick(46);
SELECT is((latest()).state, 'succeeded', 'three good heartbeats later it has succeeded');
SELECT is(story(), 'restart failed after 12 s: exit code 3; command drain; reload; verified', 'an operator reads it in one line');
SELECT is((SELECT count(*) FROM health.system_events WHERE event_type = 'automated_recovery' AND (event_data ->> 'success')::boolean), 1::bigint, 'an event tells of it');
-- All fails: a person.
SELECT beat('a1', 50, 'failed'); SELECT tick(50); SELECT tick(57);
SELECT is(report(57, 'refused', '{"reason": "not configured"}'), true, 'a refusal goes on to the next rung');
SELECT is((latest()).action, 'run_command', 'too');
SELECT is(report(58, 'failed', '{"reason": "no such host"}'), true, 'a failure skips what belongs to it');
SELECT is((latest()).state, 'escalated', 'the last step asks a person');
SELECT is(story(), 'restart refused: not configured; command drain failed after 0 s: no such host; a person is asked', 'and says why');
SELECT tick(59);
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT tick(60); SELECT tick(700);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE agent_id = 'a1'), 2::bigint, 'what is a person''s stays his');

-- The ladder, case by case: [reload, restart, verify, run, verify, escalate].
SELECT rows_are(
    $$
    SELECT v.step, v.is_verification, v.outcome, health_internal.step_after('[{"action": "reload"}, {"action": "restart_agent"}, {"action": "verify"}, {"action": "reload"}, {"action": "verify"}, {"action": "escalate"}]', v.step, v.is_verification, v.outcome)
    FROM (VALUES (1, false, 'succeeded'), (1, false, 'lost'), (1, false, 'failed'), (1, false, 'refused'), (2, false, 'failed'), (3, true, 'succeeded'), (3, true, 'failed'), (3, true, 'lost'), (4, false, 'failed'), (6, false, 'failed'), (0, false, 'succeeded'))
        AS v (step, is_verification, outcome)
    $$,
    $$
    VALUES (1, false, 'succeeded', 2), (1, false, 'lost', 2), (1, false, 'failed', 4), (1, false, 'refused', 4), (2, false, 'failed', 4), (3, true, 'succeeded', NULL), (3, true, 'failed', 4), (3, true, 'lost', 4), (4, false, 'failed', 6),
    (6, false, 'failed', NULL), (0, false, 'succeeded', 1)
    $$,
    'done goes on, failed goes on behind the next verify, verified is the end'
);
-- What the end of a step writes: each state before, outcome and step that follows, at 9000.
DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.agent_status; DELETE FROM health.system_events WHERE event_type = 'automated_recovery';
SELECT health.set_policy('standard', '{"startup_grace_seconds": 30, "verify_beats": 3, "default_expected_interval_seconds": 7}');
CREATE FUNCTION pg_temp.ended(p_name text, p_state text, p_step integer, p_strategy jsonb, p_outcome text, p_reason text DEFAULT NULL, p_is_held boolean DEFAULT false, p_interval float8 DEFAULT 10, p_started float8 DEFAULT 8950, p_details jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_id bigint;
BEGIN
    INSERT INTO health.agent_status (agent_id, liveness, learnt_interval_seconds, beat_count, run_started_at) VALUES (p_name, 'alive', p_interval, 40, at(5));
    INSERT INTO health.recovery_actions (agent_id, issue_type, action, parameters, state, step, strategy, created_at, not_before, released_at, started_at, step_started_at, claimed_by, fencing_token, lease_until, execute_until, executed_at, outcome, finished_at)
    VALUES (p_name, 'agent_unresponsive', 'reload', '{"old": 1}', p_state, p_step, p_strategy, at(8900), at(8900), at(8900), at(p_started), at(8960), 'w', 5, at(9020), at(9100), at(8940), '{"lease": "lost"}', CASE WHEN p_state = 'failed' THEN at(8999) END)
    RETURNING action_id INTO v_id;
    PERFORM health_internal.end_steps(at(9000), ARRAY[v_id], p_outcome, p_reason, p_details, p_is_held);
    RETURN (SELECT concat_ws(' ', state, step, action, parameters, claimed_by, 'began ' || date_part('epoch', started_at - at(0)), 'due ' || date_part('epoch', not_before - at(0)), 'lease ' || date_part('epoch', lease_until - at(0)), 'executed ' || date_part('epoch', executed_at - at(0)),
        'verify ' || date_part('epoch', verify_until - at(0)), beats_before, CASE WHEN run_before = at(5) THEN 'run' END, CASE WHEN finished_at = at(9000) THEN 'over' END, CASE WHEN settled_at = at(9000) THEN 'settled' END, CASE WHEN execute_until IS NOT NULL THEN 'executes' END, CASE WHEN fencing_token = 5 THEN 'same token' END, outcome)
        FROM health.recovery_actions WHERE action_id = v_id);
END $$;
SELECT rows_are(
    $$
    SELECT v.n, pg_temp.ended('e' || v.n, v.state, v.step, v.strategy::jsonb, v.outcome, v.reason, v.is_held, v.interval, v.started) FROM (VALUES
        (1, 'executing', 1, '[{"action": "reload"}, {"action": "verify"}]', 'succeeded', NULL, false, 10::float8, 8950::float8), (2, 'executing', 1, '[{"action": "reload"}, {"action": "verify", "timeout_seconds": 5}]', 'lost', 'gone', false, 10, NULL),
        (3, 'executing', 1, '[{"action": "reload"}, {"action": "verify"}]', 'succeeded', NULL, false, NULL, 8950), (4, 'verifying', 2, '[{"action": "reload"}, {"action": "verify"}]', 'succeeded', NULL, false, 10, 8950),
        (5, 'verifying', 2, '[{"action": "reload"}, {"action": "verify"}]', 'failed', 'no proof', false, 10, 8950), (6, 'executing', 1, '[{"action": "reload"}, {"action": "verify"}, {"action": "run_command", "parameters": {"command": "x"}}]', 'failed', 'why', false, 10, 8950),
        (7, 'executing', 1, '[{"action": "reload"}, {"action": "verify"}, {"action": "restart_agent"}]', 'failed', 'slow', true, 10, 8950), (8, 'executing', 1, '[{"action": "reload"}, {"action": "verify"}]', 'failed', 'slow', true, 10, 8950),
        (9, 'claimed', 1, '[{"action": "reload"}, {"action": "verify"}]', 'refused', 'no', false, 10, NULL), (10, 'claimed', 1, '[{"action": "reload"}, {"action": "verify"}, {"action": "restart_agent"}]', 'refused', 'no', false, 10, 8950),
        (11, 'executing', 1, '[{"action": "reload"}, {"action": "escalate"}]', 'succeeded', NULL, false, 10, 8950), (12, 'verifying', 2, '[{"action": "reload"}, {"action": "verify"}, {"action": "escalate"}]', 'failed', 'no proof', false, 10, 8950),
        (13, 'executing', 1, '[{"action": "reload"}]', 'succeeded', NULL, false, 10, 8950), (14, 'failed', 1, '[{"action": "reload"}, {"action": "verify"}]', 'succeeded', NULL, false, 10, 8950)
    ) AS v (n, state, step, strategy, outcome, reason, is_held, interval, started) ORDER BY 1
    $$,
    $$
    VALUES
    (1, 'verifying 2 reload {"old": 1} w began 8950 due 8900 executed 9000 verify 9060 40 run {"lease": "lost", "reported": "succeeded"}'),
    (2, 'verifying 2 reload {"old": 1} w began 9000 due 8900 executed 9000 verify 9005 40 run {"lease": "lost", "reason": "gone", "reported": "lost"}'),
    (3, 'verifying 2 reload {"old": 1} w began 8950 due 8900 executed 9000 verify 9051 40 run {"lease": "lost", "reported": "succeeded"}'),
    (4, 'succeeded 2 reload {"old": 1} w began 8950 due 8900 executed 8940 over settled {"lease": "lost", "verified_by": "heartbeats"}'),
    (5, 'failed 3 reload {"old": 1} w began 8950 due 8900 executed 8940 over {"lease": "lost", "reason": "no proof"}'),
    (6, 'pending 3 run_command {"command": "x"} began 8950 due 9000 executed 9000 {"lease": "lost", "reason": "why", "reported": "failed"}'),
    (7, 'pending 3 restart_agent {} began 8950 due 9020 lease 9020 executed 9000 {"lease": "lost", "reason": "slow", "reported": "failed"}'),
    (8, 'failed 3 reload {"old": 1} w began 8950 due 8900 lease 9020 executed 9000 over {"lease": "lost", "reason": "slow", "reported": "failed"}'),
    (9, 'escalated 3 reload {"old": 1} w due 8900 executed 8940 over {"lease": "lost", "reason": "no", "reported": "refused"}'),
    (10, 'pending 3 restart_agent {} began 8950 due 9000 executed 8940 {"lease": "lost", "reason": "no", "reported": "refused"}'),
    (11, 'escalated 2 reload {"old": 1} w began 8950 due 8900 executed 9000 over {"lease": "lost", "reason": "its strategy asks a person next", "reported": "succeeded"}'),
    (12, 'escalated 3 reload {"old": 1} w began 8950 due 8900 executed 8940 over {"lease": "lost", "reason": "no proof; its strategy asks a person next"}'),
    (13, 'verifying 2 reload {"old": 1} w began 8950 due 8900 executed 9000 verify 9060 40 run {"lease": "lost", "reported": "succeeded"}'),
    (14, 'failed 1 reload {"old": 1} w began 8950 due 8900 lease 9020 executed 8940 executes same token {"lease": "lost"}')
    $$,
    'state, step, what is next, whose it is, when it may begin, what is awaited, and why'
);
SELECT rows_are($$ SELECT agent_id, step, action, parameters, worker, started_at, finished_at, outcome, reason, details FROM health.recovery_trail WHERE agent_id IN ('e1', 'e5', 'e7', 'e14') ORDER BY 1, recovery_step_id $$,
    $$ VALUES ('e1', 1, 'reload', '{"old": 1}'::jsonb, 'w', at(8960), at(9000), 'succeeded', NULL, '{}'::jsonb), ('e1', 2, 'verify', '{}', 'engine', at(9000), NULL, NULL, NULL, '{}'),
    ('e5', 2, 'verify', '{}', 'engine', at(8960), at(9000), 'failed', 'no proof', '{}'), ('e7', 1, 'reload', '{"old": 1}', 'w', at(8960), at(9000), 'failed', 'slow', '{}') $$, 'the trail: what it was, who did it, how it ended, and that it is being verified; nothing of what is over');
SELECT rows_are($$ SELECT event_data ->> 'agent_id', severity, event_data - 'agent_id' - 'action_id' FROM health.system_events WHERE event_type = 'automated_recovery' ORDER BY 1 $$,
    $$
    VALUES ('e11', 'warning', '{"reason": "its strategy asks a person next", "success": false, "issue_type": "agent_unresponsive"}'::jsonb), ('e12', 'warning', '{"reason": "no proof; its strategy asks a person next", "success": false, "issue_type": "agent_unresponsive"}'),
    ('e4', 'info', '{"success": true, "issue_type": "agent_unresponsive", "recovery_seconds": 100}'), ('e5', 'warning', '{"reason": "no proof", "success": false, "issue_type": "agent_unresponsive"}'),
    ('e8', 'warning', '{"reason": "slow", "success": false, "issue_type": "agent_unresponsive"}'), ('e9', 'warning', '{"reason": "no", "success": false, "issue_type": "agent_unresponsive"}')
    $$, 'an event for each that is over, none for what goes on');
-- A recovery that succeeded is the recovery of its agent's open incident.
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) VALUES ('i1', 'critical', at(1), at(1), at(2)), ('i1', 'critical', at(3), at(3), NULL), ('i2', 'critical', at(3), at(3), NULL), ('i3', 'critical', at(3), at(3), NULL);
SELECT pg_temp.ended('i1', 'verifying', 2, '[{"action": "reload"}, {"action": "verify"}]', 'succeeded', p_details => '{"beats": 3}'), pg_temp.ended('i2', 'verifying', 2, '[{"action": "reload"}, {"action": "verify"}]', 'failed', 'x');
SELECT rows_are($$ SELECT agent_id, onset_at, recovered_at FROM health.incidents WHERE agent_id ~ '^i[123]$' ORDER BY 1, 2 $$, $$ VALUES ('i1', at(1), NULL::timestamptz), ('i1', at(3), at(9000)), ('i2', at(3), NULL), ('i3', at(3), NULL) $$, 'of no other');
SELECT is((latest('i1')).outcome -> 'details', '{"beats": 3}', 'what was reported is kept');
-- Under a token: only what a worker holds under it.
SELECT is(health_internal.end_steps(at(9001), ARRAY[(latest('e1')).action_id], 'failed', 'x', '{}', false, (latest('e1')).fencing_token), NULL, 'what is verified is no worker''s, whatever he calls himself');
UPDATE health.recovery_actions SET state = 'executing', fencing_token = 6, step_started_at = NULL WHERE agent_id = 'e1';
SELECT is(health_internal.end_steps(at(9001), ARRAY[(latest('e1')).action_id], 'failed', 'x', '{}', false, 5), NULL, 'another token moves nothing');
SELECT is((SELECT count(*) FROM health.recovery_steps WHERE finished_at = at(9001)), 0::bigint, 'and leaves no trail');
SELECT is(health_internal.end_steps(at(9001), ARRAY[(latest('e1')).action_id], 'failed', 'x', '{}', false, 6), true, 'its own does');
SELECT rows_are($$ SELECT started_at, finished_at, worker FROM health.recovery_trail WHERE agent_id = 'e1' AND outcome = 'failed' $$, $$ VALUES (at(9001), at(9001), 'w') $$, 'what was begun without a word began as it ended');

SELECT * FROM finish();
ROLLBACK;
