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
SELECT pg_temp.beat(12, 'failed'); SELECT pg_temp.tick(12);
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
SELECT is((SELECT count(*) FROM health.recovery_steps), 1::bigint, 'nor begins it twice');
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
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.claim_recovery_actions('x') $$, '42501', NULL, 'agents claim nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
