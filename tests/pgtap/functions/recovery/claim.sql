-- What bridges call: claimed once, fenced, handed back without a trace.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.claim_recovery_actions,
        health.renew_lease,
        health.report_recovery_action,
        health_internal.failure_reason
    }',
    $$
    VALUES
    ('health.claim_recovery_actions(text,integer,text[],timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.renew_lease(text,bigint,bigint,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.report_recovery_action(bigint,bigint,text,jsonb,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health_internal.failure_reason(text,jsonb)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT two_agents();
SELECT beat('a1', 12, 'failed'); SELECT tick(12);
SELECT is_empty($$ SELECT * FROM health.claim_recovery_actions('w', 10, ARRAY['a2'], at(13)) $$, 'a bridge claims its own agents');
CREATE TEMP TABLE claimed ON COMMIT DROP AS SELECT * FROM health.claim_recovery_actions('w1', 10, ARRAY['a1', 'a2'], at(13));
SELECT rows_are('SELECT agent_id, action, attempt, lease_until, timeout_seconds FROM claimed', $$ VALUES ('a1', 'restart_agent', 1, at(43), NULL::float8) $$, 'the claim holds 30 s');
SELECT is_empty($$ SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, at(13)) $$, 'a second worker gets nothing');
SELECT is(health.report_recovery_action(action_id, fencing_token + 1, 'executing'), false, 'a wrong token is refused') FROM claimed;
SELECT throws_ok($$ SELECT health.report_recovery_action(1, 1, 'perhaps') $$, 'RC001', NULL, 'outcomes are known ones');
SELECT throws_ok($$ SELECT health.report_recovery_action(1, 1, NULL) $$, 'RC001', NULL, 'and given');
SELECT throws_ok($$ SELECT health.renew_lease('library book', 1, 1) $$, 'RC002', NULL, 'so are leases');
SELECT is(health.renew_lease('recovery', action_id, fencing_token, at(20)), true, 'a lease is renewed') FROM claimed;
-- Handed back: as if never claimed.
SELECT is(health.report_recovery_action(action_id, fencing_token, 'released', '{}', at(21)), true, 'a bridge going down hands back what it had not begun') FROM claimed;
SELECT rows_are($$ SELECT state, claimed_by, lease_until, started_at, attempt FROM health.recovery_actions $$, $$ VALUES ('pending', NULL::text, NULL::timestamptz, NULL::timestamptz, 1) $$, 'as if it had never been claimed');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(21)), false, 'its token is worth nothing any more') FROM claimed;
SELECT is(health.renew_lease('recovery', action_id, fencing_token, at(21)), false, 'nor its lease') FROM claimed;
TRUNCATE claimed; INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, at(21));
SELECT is((SELECT count(*) FROM claimed), 1::bigint, 'the next bridge has it at once');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(21)), true, 'it says that it begins') FROM claimed;
SELECT is((latest()).execute_until, at(141), 'the time-out runs');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(30)), true, 'twice') FROM claimed;
SELECT is((latest()).execute_until, at(141), 'which prolongs the lease, not the time');
SELECT rows_are($$ SELECT action, worker, started_at, finished_at, outcome FROM health.recovery_trail $$, $$ VALUES ('restart_agent', 'w2', at(21), NULL::timestamptz, NULL::text) $$, 'nor begins it twice');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'released', '{"reason": "stopping"}', at(31)), true, 'even then it may hand back what it had not begun') FROM claimed;
SELECT is((latest()).started_at, NULL, 'and no budget counts it');
SELECT is(story(), 'restart handed back', 'the trail shows it');
TRUNCATE claimed; INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w3', 10, NULL, at(32));
SELECT is(health.report_recovery_action(action_id, fencing_token, 'succeeded', '{"pid": 7}', at(33)), true, 'a report of the end needs none of the beginning') FROM claimed;
SELECT rows_are('SELECT (latest()).state, (latest()).started_at, (latest()).executed_at', $$ VALUES ('verifying', at(33), at(33)) $$, 'it is begun, done, and now verified');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'failed', '{}', at(34)), false, 'a second report changes nothing') FROM claimed;
SELECT rows_are($$ SELECT health_internal.failure_reason(t.outcome, t.details::jsonb) FROM (VALUES (1, 'failed', '{"reason": "x"}'), (2, 'failed', '{"exit_code": 3}'),
    (3, 'failed', '{"error": "y"}'), (4, 'failed', '{"reason": 1}'), (5, 'refused', '{}'), (6, 'succeeded', '{"reason": "x"}')) AS t (n, outcome, details) ORDER BY n $$,
    $$ VALUES ('x'), ('exit code 3'), ('y'), ('the executor failed'), ('the bridge refused it'), (NULL) $$, 'a failure has a reason');

-- Who may be claimed, case by case, at 9000.
DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.agent_status; DELETE FROM health.freeze_windows;
SELECT health.set_policy('other', '{"recovery_execution_seconds": 77}');
CREATE FUNCTION pg_temp.has(p_name text, p_due float8 DEFAULT 8000, p_released float8 DEFAULT 8000, p_action text DEFAULT 'restart_agent', p_state text DEFAULT 'pending', p_class text DEFAULT 'standard', p_approved float8 DEFAULT NULL,
    p_token bigint DEFAULT NULL, p_step integer DEFAULT 1, p_strategy jsonb DEFAULT '[{"action": "restart_agent"}, {"action": "verify"}]', p_started float8 DEFAULT NULL)
RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO health.agent_status (agent_id, liveness, policy_class) VALUES (p_name, 'alive', p_class);
    INSERT INTO health.recovery_actions (agent_id, issue_type, action, state, created_at, not_before, released_at, approved_at, fencing_token, step, strategy, started_at, lease_until, claimed_by, finished_at)
    VALUES (p_name, 'agent_unresponsive', p_action, p_state, at(7000), at(p_due), at(p_released), at(p_approved), p_token, p_step, p_strategy, at(p_started), CASE WHEN p_token IS NOT NULL THEN at(9010) END, CASE WHEN p_state <> 'pending' THEN 'w' END,
        CASE WHEN p_state = 'failed' THEN at(8000) END)
    RETURNING action_id
$$;
CREATE FUNCTION pg_temp.claimed(p_limit integer DEFAULT 100, p_agents text [] DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_names text := (SELECT string_agg(agent_id, ' ' ORDER BY fencing_token) FROM health.claim_recovery_actions('w', p_limit, p_agents, at(9000)));
BEGIN
    UPDATE health.recovery_actions SET state = 'pending', claimed_by = NULL WHERE state = 'claimed' AND claimed_at = at(9000);
    RETURN v_names;
END $$;
SELECT pg_temp.has('second', 8999), pg_temp.has('now', 9000), pg_temp.has('soon', 9000.1), pg_temp.has('held', p_released => NULL), pg_temp.has('first', 8000, p_class => 'other'), pg_temp.has('own-sessions', p_action => 'terminate_sessions'),
    pg_temp.has('own-verify', p_action => 'verify'), pg_temp.has('own-escalate', p_action => 'escalate'), pg_temp.has('odd', 8500, p_action => 'dance'), pg_temp.has('runs', p_state => 'executing', p_token => 1), pg_temp.has('approved', 8600, p_approved => 8000);
SELECT is(pg_temp.claimed(), 'first odd approved second now', 'what is let go and due, in its order; not what the database does itself');
SELECT is(pg_temp.claimed(2), 'first odd', 'so many');
SELECT is(pg_temp.claimed(100, '{now,first,soon}'), 'first now', 'of these agents');
SELECT health.add_freeze_window('theirs', at(8999), at(9001), p_policy_class => 'other');
SELECT is(pg_temp.claimed(), 'odd approved second now', 'a freeze of a class holds that class');
SELECT health.add_freeze_window('ours', at(8999), at(9001));
SELECT is(pg_temp.claimed(), 'approved', 'one of all holds all, but what a person let go');
SELECT rows_are(
    $$ SELECT v.n, health_internal.failure_reason(v.outcome, v.details::jsonb) FROM (VALUES
        (1, 'succeeded', '{"reason": "x"}'), (2, 'failed', '{"reason": "r", "error": "e", "exit_code": 3}'), (3, 'failed', '{"reason": 5, "error": "e", "exit_code": 3}'), (4, 'failed', '{"error": [], "exit_code": 3}'),
        (5, 'failed', '{"exit_code": "3"}'), (6, 'refused', '{}'), (7, 'lost', '{}'), (8, 'refused', '{"reason": "no"}')) AS v (n, outcome, details) ORDER BY 1 $$,
    $$ VALUES (1, NULL), (2, 'r'), (3, 'e'), (4, 'exit code 3'), (5, 'the executor failed'), (6, 'the bridge refused it'), (7, NULL), (8, 'no') $$, 'why it failed: what is text is told, what is no text is not'
);
SELECT is(length(health_internal.failure_reason('failed', jsonb_build_object('error', repeat('x', 600)))), 500, 'and not without end');
-- Reports: only under the token, of what is claimed or executing.
DELETE FROM health.freeze_windows;
SELECT pg_temp.has('r-claimed', p_state => 'claimed', p_token => 71), pg_temp.has('r-executing', p_state => 'executing', p_token => 72, p_started => 8990), pg_temp.has('r-verifying', p_state => 'verifying', p_token => 73), pg_temp.has('r-pending', p_token => 74), pg_temp.has('r-failed', p_state => 'failed', p_token => 75);
CREATE FUNCTION pg_temp.report(p_name text, p_token bigint, p_outcome text, p_details jsonb DEFAULT '{}', p_seconds float8 DEFAULT 9000) RETURNS boolean LANGUAGE sql AS $$
    SELECT health.report_recovery_action(action_id, p_token, p_outcome, p_details, at(p_seconds)) FROM health.recovery_actions WHERE agent_id = p_name ORDER BY action_id DESC LIMIT 1 $$;
SELECT rows_are($$ SELECT n, pg_temp.report(n, 71, 'executing'), pg_temp.report(n, t, 'executing') FROM (VALUES ('r-executing', 72), ('r-failed', 75), ('r-pending', 74), ('r-verifying', 73)) AS v (n, t) $$,
    $$ VALUES ('r-executing', false, true), ('r-failed', false, false), ('r-pending', false, false), ('r-verifying', false, false) $$, 'another token changes nothing, nor a report of what is not under way');
SELECT is_empty($$ SELECT n, o FROM unnest('{r-claimed,r-executing,r-pending,r-verifying,r-failed}'::text []) AS n, unnest('{executing,succeeded,failed,refused,released}'::text []) AS o WHERE pg_temp.report(n, NULL, o) OR pg_temp.report(n, 70, o) $$, 'whatever it says, and without one');
SELECT is((SELECT count(*) FROM health.recovery_steps JOIN health.recovery_actions USING (action_id) WHERE agent_id ~ '^r-'), 0::bigint, 'and leaves no trail');
SELECT rows_are($$ SELECT n, health.renew_lease('recovery', a.action_id, t, at(9000)) FROM (VALUES ('r-claimed', 71), ('r-claimed', 72), ('r-executing', 72), ('r-failed', 75), ('r-pending', 74), ('r-verifying', 73)) AS v (n, t) JOIN health.recovery_actions AS a ON a.agent_id = v.n ORDER BY v.n, v.t $$,
    $$ VALUES ('r-claimed', true), ('r-claimed', false), ('r-executing', true), ('r-failed', false), ('r-pending', false), ('r-verifying', false) $$, 'nor a lease');
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE lease_until = at(9030) AND agent_id ~ '^r-'), 2::bigint, 'a lease is thirty seconds, of its own action');
-- Executing: for as long as the step says, else the policy, from the first report on.
SELECT pg_temp.has('x-step', p_state => 'claimed', p_token => 81, p_class => 'other', p_step => 2, p_strategy => '[{"action": "reload", "timeout_seconds": 11}, {"action": "restart_agent", "timeout_seconds": 22.5}]', p_started => 8000),
    pg_temp.has('x-policy', p_state => 'claimed', p_token => 82, p_class => 'other');
SELECT pg_temp.report('x-step', 81, 'executing'), pg_temp.report('x-policy', 82, 'executing'), pg_temp.report('x-policy', 82, 'executing', NULL, 9005);
SELECT rows_are($$ SELECT agent_id, state, started_at, execute_until, lease_until FROM health.recovery_actions WHERE agent_id ~ '^x-' ORDER BY 1 $$,
    $$ VALUES ('x-policy', 'executing', at(9000), at(9077), at(9035)), ('x-step', 'executing', at(8000), at(9022.5), at(9030)) $$, 'a second report renews the lease and nothing else');
SELECT rows_are($$ SELECT agent_id, step, started_at, finished_at FROM health.recovery_trail WHERE agent_id ~ '^x-' ORDER BY 1 $$, $$ VALUES ('x-policy', 1, at(9000), NULL::timestamptz), ('x-step', 2, at(9000), NULL) $$, 'each began once');
-- Handed back: as if never claimed, but for what was done before.
SELECT pg_temp.has('h-fresh', p_state => 'claimed', p_token => 91), pg_temp.has('h-second', p_state => 'executing', p_token => 92, p_started => 8000);
UPDATE health.recovery_actions SET step_started_at = at(8300) WHERE agent_id = 'h-second';
INSERT INTO health.recovery_steps (action_id, step, action, worker, started_at, finished_at, outcome)
SELECT action_id, 1, 'reload', 'w', at(s), at(f), o FROM health.recovery_actions, (VALUES (8000, 8010, 'released'), (8100, 8110, 'failed'), (8200, 8210, 'failed')) AS v (s, f, o) WHERE agent_id = 'h-second';
SELECT pg_temp.report('h-fresh', 91, 'released'), pg_temp.report('h-second', 92, 'released', '{"why": "ending"}');
SELECT rows_are($$ SELECT agent_id, state, claimed_by, lease_until, not_before, released_at, execute_until, started_at, fencing_token NOT IN (91, 92) FROM health.recovery_actions WHERE agent_id ~ '^h-' ORDER BY 1 $$,
    $$ VALUES ('h-fresh', 'pending', NULL::text, NULL::timestamptz, at(9000), at(9000), NULL::timestamptz, NULL::timestamptz, true), ('h-second', 'pending', NULL, NULL, at(9000), at(9000), NULL, at(8100), true) $$,
    'at once for another bridge; when it began is when the first step did that was not handed back');
SELECT rows_are($$ SELECT s.started_at, s.outcome, s.details FROM health.recovery_steps AS s JOIN health.recovery_actions USING (action_id) WHERE agent_id = 'h-second' ORDER BY 1 $$,
    $$ VALUES (at(8000), 'released', '{}'::jsonb), (at(8100), 'failed', '{}'), (at(8200), 'failed', '{}'), (at(8300), 'released', '{"why": "ending"}') $$, 'its trail says so of the open step alone');
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE not_before = at(9000) AND agent_id !~ '^(h-|now)'), 0::bigint, 'no other is handed back');
-- Leases of messages.
INSERT INTO health.deliveries (channel, event, severity, subject, body, idempotency_key, created_at, not_before, state, fencing_token, lease_until)
SELECT 'console', 'opened', 'critical', state, 'b', state, at(8000), at(8000), state, 61, at(9001) FROM unnest('{claimed,pending,delivered}'::text []) AS v (state);
SELECT rows_are($$ SELECT subject, health.renew_lease('delivery', delivery_id, 60, at(9000)), health.renew_lease('delivery', delivery_id, 61, at(9000)) FROM health.deliveries WHERE idempotency_key IN ('claimed', 'pending', 'delivered') ORDER BY 1 $$,
    $$ VALUES ('claimed', false, true), ('delivered', false, false), ('pending', false, false) $$, 'are renewed likewise');
SELECT is((SELECT count(*) FROM health.deliveries WHERE lease_until = at(9030)), 1::bigint, 'one by one');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.claim_recovery_actions('x') $$, '42501', NULL, 'agents claim nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
