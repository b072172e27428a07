-- The ladder: what follows a step that ended, told in one line.
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
        'health_internal.begin_steps',
        'health_internal.end_steps',
        'health_internal.escalate_recoveries',
        'health_internal.step_after'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.begin_steps(timestamp with time zone,bigint[],text,text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.end_steps(timestamp with time zone,bigint[],text,text,jsonb,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.escalate_recoveries(timestamp with time zone,bigint[],text)', 'f', 'sql', 'v', false, ''),
    ('health_internal.step_after(jsonb,integer,boolean,text)', 'f', 'plpgsql', 'i', false, '')
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
CREATE FUNCTION pg_temp.latest(p_agent_id text DEFAULT 'a1')
RETURNS health.recovery_actions
LANGUAGE sql
RETURN (SELECT a FROM health.recovery_actions AS a WHERE agent_id = p_agent_id ORDER BY action_id DESC LIMIT 1);
CREATE FUNCTION pg_temp.report(p_seconds float8, p_outcome text, p_details jsonb DEFAULT '{}', p_worker text DEFAULT 'w1')
RETURNS boolean
LANGUAGE sql
RETURN (
    SELECT health.report_recovery_action(c.action_id, c.fencing_token, p_outcome, p_details, pg_temp.at(p_seconds))
    FROM health.claim_recovery_actions(p_worker, 1, NULL, pg_temp.at(p_seconds)) AS c
);
CREATE FUNCTION pg_temp.story(p_agent_id text DEFAULT 'a1')
RETURNS text
LANGUAGE sql
RETURN (SELECT what_happened FROM health.recovery_history WHERE agent_id = p_agent_id ORDER BY action_id DESC LIMIT 1);
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
SELECT pg_temp.beat(s), pg_temp.beat(s, 'running', 'a2') FROM (VALUES (0), (5), (10)) AS t (s);
SELECT pg_temp.tick(11);
SELECT pg_temp.rows_are(
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
CREATE TEMP TABLE c ON COMMIT DROP AS SELECT * FROM health.claim_recovery_actions('w1', 1, NULL, pg_temp.at(13));
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', pg_temp.at(13)), true, 'a restart begins') FROM c;
SELECT is(health.report_recovery_action(action_id, fencing_token, 'failed', '{"exit_code": 3}', pg_temp.at(25)), true, 'and fails') FROM c;
SELECT is((pg_temp.latest()).state, 'pending', 'the next rung waits for a bridge');
SELECT pg_temp.rows_are($$ SELECT action, parameters, attempt FROM health.claim_recovery_actions('w1', 1, NULL, pg_temp.at(25)) $$,
    $$ VALUES ('run_command', '{"command": "drain"}'::jsonb, 1) $$, 'in the same attempt');
SELECT is(health.report_recovery_action((pg_temp.latest()).action_id, (pg_temp.latest()).fencing_token, 'succeeded', '{}', pg_temp.at(26)), true, 'it is done');
SELECT is((pg_temp.latest()).action, 'reload', 'what belongs together follows');
SELECT is(pg_temp.report(27, 'succeeded'), true, 'done too');
SELECT is((pg_temp.latest()).state, 'verifying', 'and is verified');
SELECT is((pg_temp.latest()).verify_until, pg_temp.at(67), 'within the time-out of its step');
SELECT is((pg_temp.latest()).action, 'reload', 'what was done stays readable');
SELECT pg_temp.beat(s) FROM (VALUES (30), (35), (40), (45)) AS t (s); SELECT pg_temp.tick(46);
SELECT is((pg_temp.latest()).state, 'succeeded', 'three good heartbeats later it has succeeded');
SELECT is(pg_temp.story(), 'restart failed after 12 s: exit code 3; command drain; reload; verified', 'an operator reads it in one line');
SELECT is((SELECT count(*) FROM health.system_events WHERE event_type = 'automated_recovery' AND (event_data ->> 'success')::boolean), 1::bigint, 'an event tells of it');
-- All fails: a person.
SELECT pg_temp.beat(50, 'failed'); SELECT pg_temp.tick(50); SELECT pg_temp.tick(57);
SELECT is(pg_temp.report(57, 'refused', '{"reason": "not configured"}'), true, 'a refusal goes on to the next rung');
SELECT is((pg_temp.latest()).action, 'run_command', 'too');
SELECT is(pg_temp.report(58, 'failed', '{"reason": "no such host"}'), true, 'a failure skips what belongs to it');
SELECT is((pg_temp.latest()).state, 'escalated', 'the last step asks a person');
SELECT is(pg_temp.story(), 'restart refused: not configured; command drain failed after 0 s: no such host; a person is asked', 'and says why');
SELECT pg_temp.tick(59);
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT pg_temp.tick(60); SELECT pg_temp.tick(700);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE agent_id = 'a1'), 2::bigint, 'what is a person''s stays his');

SELECT * FROM finish();
ROLLBACK;
