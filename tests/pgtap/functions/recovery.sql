-- Recovery: queued once, claimed once, fenced, verified by heartbeats, braked, handed to a person.
BEGIN;

SELECT no_plan();

-- results_eq refuses to compare columns of different collations; rows as text compare.
CREATE FUNCTION pg_temp.rows_are(p_have text, p_want text, p_what text)
RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    v_have text;
    v_want text;
BEGIN
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_have) INTO v_have;
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM (%s) AS r', p_want) INTO v_want;
    RETURN is(v_have, v_want, p_what);
END
$$;

SELECT pg_temp.rows_are(
    $$
    SELECT
        p.oid::regprocedure::text,
        p.prokind::text,
        l.lanname::text,
        p.provolatile::text,
        p.prosecdef,
        coalesce(
            (
                SELECT string_agg(
                    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END,
                    ', ' ORDER BY a.grantee::regrole::text COLLATE "C"
                )
                FROM (SELECT DISTINCT grantee FROM aclexplode(p.proacl)) AS a
                WHERE a.grantee <> p.proowner
            ),
            ''
        )
    FROM pg_proc AS p
    JOIN pg_language AS l ON l.oid = p.prolang
    WHERE p.pronamespace::regnamespace::text || '.' || p.proname IN (
        'health.claim_recovery_actions',
        'health.renew_lease',
        'health.report_recovery_action',
        'health.request_recovery',
        'health_internal.act_on_recoveries',
        'health_internal.recovery_attempt'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health.claim_recovery_actions(text,integer,text[],timestamp with time zone)', 'f', 'sql', 'v', true, 'health_bridge'),
    ('health.renew_lease(text,bigint,bigint,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.report_recovery_action(bigint,bigint,text,jsonb,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_bridge'),
    ('health.request_recovery(text,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.act_on_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.recovery_attempt(text,text,timestamp with time zone)', 'f', 'plpgsql', 's', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

CREATE FUNCTION pg_temp.at(p_seconds float8)
RETURNS timestamptz
LANGUAGE sql
RETURN timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds);
CREATE FUNCTION pg_temp.beat(p_seconds float8, p_state text DEFAULT 'running', p_agent_id text DEFAULT 'a1')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, pg_temp.at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(pg_temp.at(p_seconds), true)).recoveries_queued;
CREATE FUNCTION pg_temp.latest()
RETURNS health.recovery_actions
LANGUAGE sql
RETURN (SELECT a FROM health.recovery_actions AS a WHERE agent_id = 'a1' ORDER BY action_id DESC LIMIT 1);
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
SELECT pg_temp.beat(s), pg_temp.beat(s, 'running', 'a2') FROM (VALUES (0), (5), (10)) AS t (s);
SELECT is(pg_temp.tick(11), 0::bigint, 'healthy agents need nothing');
SELECT pg_temp.beat(12, 'failed');
SELECT is(pg_temp.tick(12), 1::bigint, 'a failed agent is queued');
SELECT is(pg_temp.tick(13), 0::bigint, 'once');
SELECT pg_temp.rows_are($$ SELECT agent_id, issue_type, action, state, attempt, requested_by, not_before FROM health.recovery_actions $$,
    $$ VALUES ('a1', 'agent_unresponsive', 'restart_agent', 'pending', 1, 'engine', pg_temp.at(12)) $$, 'for a restart at once');
SELECT throws_ok($$ SELECT health.request_recovery('a1', 'high_error_rate', 'ana', pg_temp.at(13)) $$, 'RC003', NULL, 'one at a time, whoever asks');
SELECT throws_ok($$ SELECT health.request_recovery('nobody', 'high_error_rate', 'ana') $$, 'AG001', NULL, 'of a known agent');
SELECT throws_ok($$ SELECT health.request_recovery('a2', 'boredom', 'ana') $$, '23514', NULL, 'for a known issue');
SELECT is_empty($$ SELECT * FROM health.claim_recovery_actions('w', 10, ARRAY['a2'], pg_temp.at(13)) $$, 'a bridge claims its own agents');
CREATE TEMP TABLE claimed ON COMMIT DROP AS
SELECT * FROM health.claim_recovery_actions('w1', 10, ARRAY['a1', 'a2'], pg_temp.at(13));
SELECT pg_temp.rows_are('SELECT agent_id, action, attempt, lease_until FROM claimed',
    $$ VALUES ('a1', 'restart_agent', 1, pg_temp.at(43)) $$, 'the claim holds 30 s');
SELECT is_empty($$ SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, pg_temp.at(13)) $$, 'a second worker gets nothing');
SELECT is(health.report_recovery_action(action_id, fencing_token + 1, 'executing'), false, 'a wrong token is refused') FROM claimed;
SELECT throws_ok($$ SELECT health.report_recovery_action(1, 1, 'perhaps') $$, 'RC001', NULL, 'outcomes are known ones');
SELECT throws_ok($$ SELECT health.renew_lease('library book', 1, 1) $$, 'RC002', NULL, 'so are leases');
SELECT is(health.renew_lease('recovery', action_id, fencing_token, pg_temp.at(20)), true, 'a lease is renewed') FROM claimed;
-- A bridge that dies after its claim: the lease runs out, the action goes back.
SELECT is(pg_temp.tick(49), 0::bigint, 'the lease still holds');
SELECT is((pg_temp.latest()).state, 'claimed', 'and the claim with it');
SELECT pg_temp.tick(51);
SELECT is((pg_temp.latest()).state, 'pending', 'a lost lease goes back to the queue');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', pg_temp.at(52)), false,
    'the old token is fenced off') FROM claimed;
TRUNCATE claimed;
INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, pg_temp.at(52));
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', pg_temp.at(52)), true, 'begun') FROM claimed;
SELECT is(health.report_recovery_action(action_id, fencing_token, 'succeeded', '{"pid": 7}', pg_temp.at(53)), true, 'done') FROM claimed;
SELECT is((pg_temp.latest()).state, 'verifying', 'a command that succeeded is not yet a recovery');
SELECT pg_temp.beat(54); SELECT pg_temp.tick(55);
SELECT is((pg_temp.latest()).state, 'verifying', 'nor is one good heartbeat');
SELECT pg_temp.beat(60); SELECT pg_temp.tick(61); SELECT pg_temp.beat(66); SELECT pg_temp.tick(67);
SELECT pg_temp.beat(71); SELECT pg_temp.tick(72);
SELECT is((pg_temp.latest()).state, 'succeeded', 'some good heartbeats are');
SELECT is((SELECT count(*) FROM health.system_events WHERE event_type = 'automated_recovery'
    AND (event_data ->> 'success')::boolean), 1::bigint, 'which is an event');
-- The second attempt waits, the fourth is a person's.
SELECT pg_temp.beat(75, 'failed'); SELECT pg_temp.tick(75);
SELECT pg_temp.rows_are($$ SELECT (pg_temp.latest()).attempt, (pg_temp.latest()).not_before >= pg_temp.at(75) $$,
    $$ VALUES (2, true) $$, 'the second attempt');
SELECT is((h.attempt, h.not_before, h.is_within_budget)::text,
    (2, greatest(pg_temp.at(75), (SELECT max(finished_at) FROM health.recovery_actions) + interval '10 s'), true)::text,
    'waits 10 s after the first')
FROM health_internal.recovery_attempt('a1', 'standard', pg_temp.at(75)) AS h;
CREATE FUNCTION pg_temp.fail(p_seconds float8)
RETURNS boolean
LANGUAGE sql
RETURN (
    SELECT health.report_recovery_action(action_id, fencing_token, 'failed', '{}', pg_temp.at(p_seconds))
    FROM health.claim_recovery_actions('w3', 1, NULL, pg_temp.at(p_seconds))
);
SELECT is(pg_temp.fail(95), true, 'it fails');
SELECT pg_temp.tick(96);
SELECT pg_temp.rows_are($$ SELECT (pg_temp.latest()).attempt, (pg_temp.latest()).state, (pg_temp.latest()).not_before $$,
    $$ VALUES (3, 'pending', pg_temp.at(115)) $$, 'the third waits 20 s');
SELECT is(pg_temp.fail(116), true, 'it fails too');
SELECT pg_temp.tick(117);
SELECT is((pg_temp.latest()).state, 'escalated', 'the budget of three is used up: a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT pg_temp.tick(118);
SELECT is((SELECT count(*) FROM health.alerts WHERE rule = 'recovery_failed'), 1::bigint, 'once');
-- Not verified, not claimed, refused, cancelled.
SELECT isnt(health.request_recovery('a2', 'agent_unresponsive', 'ana', pg_temp.at(119)), NULL, 'a person may ask');
SELECT pg_temp.beat(119, 'running', 'a2');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'refused', '{}', pg_temp.at(120)), true, 'a bridge may refuse')
FROM health.claim_recovery_actions('w1', 1, ARRAY['a2'], pg_temp.at(120));
SELECT is((SELECT state FROM health.recovery_actions WHERE agent_id = 'a2'), 'escalated', 'which is a matter for a person');
SELECT is(health.request_recovery('a2', 'agent_unresponsive', 'ana', pg_temp.at(121)) > 0, true, 'who may ask again');
SELECT pg_temp.tick(250);
SELECT is((SELECT state FROM health.recovery_actions WHERE agent_id = 'a2' AND requested_by = 'ana'
    ORDER BY action_id DESC LIMIT 1), 'escalated', 'what no bridge claims within two minutes is escalated');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT * FROM health.claim_recovery_actions('x') $$, '42501', NULL, 'agents claim nothing');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
