-- Time: leases run out, steps take too long, heartbeats prove.
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
        'health_internal.rescue_recoveries',
        'health_internal.run_own_steps',
        'health_internal.verify_recoveries'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.rescue_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.run_own_steps(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.verify_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
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
SELECT pg_temp.beat(12, 'failed'); SELECT pg_temp.tick(12);
CREATE TEMP TABLE claimed ON COMMIT DROP AS SELECT * FROM health.claim_recovery_actions('w1', 10, NULL, pg_temp.at(13));
SELECT pg_temp.tick(43); SELECT is((pg_temp.latest()).state, 'claimed', 'the lease still holds');
SELECT pg_temp.tick(44); SELECT is((pg_temp.latest()).state, 'pending', 'a lost lease goes back to the queue');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', pg_temp.at(45)), false, 'the old token is fenced off') FROM claimed;
TRUNCATE claimed; INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, pg_temp.at(45));
SELECT health.report_recovery_action(action_id, fencing_token, 'executing', '{}', pg_temp.at(45)) FROM claimed;
SELECT pg_temp.tick(76);
SELECT is((pg_temp.latest()).state, 'verifying', 'a bridge lost while executing: nobody knows how far it came, heartbeats tell');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'succeeded', '{}', pg_temp.at(77)), false, 'its late report changes nothing') FROM claimed;
SELECT pg_temp.beat(78); SELECT pg_temp.tick(79);
SELECT is((pg_temp.latest()).state, 'verifying', 'one good heartbeat is no proof');
SELECT pg_temp.beat(78.1), pg_temp.beat(78.2), pg_temp.beat(78.3); SELECT pg_temp.tick(79.5);
SELECT is((pg_temp.latest()).state, 'verifying', 'nor are many of one moment');
SELECT pg_temp.beat(83); SELECT pg_temp.tick(83); SELECT pg_temp.beat(88); SELECT pg_temp.tick(88); SELECT pg_temp.beat(93); SELECT pg_temp.tick(93);
SELECT is((pg_temp.latest()).state, 'succeeded', 'some at their pace are');
SELECT is(pg_temp.story(), 'restart lost after 31 s: its bridge went silent; verified', 'told as it was');
-- Too slow, though its bridge still holds it.
SELECT pg_temp.beat(100, 'failed'); SELECT pg_temp.tick(100); SELECT pg_temp.tick(104);
TRUNCATE claimed; INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, pg_temp.at(104));
SELECT health.report_recovery_action(action_id, fencing_token, 'executing', '{}', pg_temp.at(104)) FROM claimed;
SELECT health.renew_lease('recovery', action_id, fencing_token, pg_temp.at(s)) FROM claimed, unnest(ARRAY[120, 145, 170, 195, 220]) AS s;
SELECT pg_temp.tick(224); SELECT is((pg_temp.latest()).state, 'executing', 'until recovery_execution_seconds');
SELECT pg_temp.tick(225); SELECT is((pg_temp.latest()).state, 'failed', 'and no longer');
SELECT is((pg_temp.latest()).outcome ->> 'reason', 'it took too long', 'which is said');
SELECT is(health.renew_lease('recovery', action_id, fencing_token, pg_temp.at(226)), false, 'the bridge learns it when it renews') FROM claimed;
SELECT pg_temp.tick(226);
SELECT is((pg_temp.latest()).not_before, pg_temp.at(250), 'the next attempt waits until that lease has run out for certain');
-- Not verified in time.
SELECT pg_temp.tick(250); SELECT pg_temp.report(251, 'succeeded'); SELECT pg_temp.tick(251);
SELECT is((pg_temp.latest()).state, 'verifying', 'it is done');
SELECT pg_temp.tick(310);
SELECT is((pg_temp.latest()).state, 'failed', 'without heartbeats it has failed');
SELECT matches(pg_temp.story(), '^restart; not verified within [0-9]+ s$', 'in words');
-- Strategies that begin with the database's own steps.
SELECT health.set_recovery_strategy('standard', 'agent_unresponsive', '[{"action": "verify"}, {"action": "escalate"}]');
SELECT health.request_recovery('a2', 'agent_unresponsive', 'ana', pg_temp.at(320)); SELECT pg_temp.tick(320);
SELECT pg_temp.rows_are($$ SELECT (pg_temp.latest('a2')).state, (pg_temp.latest('a2')).step $$, $$ VALUES ('verifying', 1) $$, 'watching needs no bridge');
SELECT health.set_recovery_strategy('standard', 'high_error_rate', '[{"action": "escalate"}]');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a3', 'a3', '5 s');
SELECT pg_temp.beat(s, 'running', 'a3') FROM (VALUES (311), (316), (321)) AS t (s); SELECT pg_temp.tick(322);
SELECT pg_temp.beat(323, 'error', 'a3'); SELECT pg_temp.tick(323);
SELECT pg_temp.rows_are($$ SELECT (pg_temp.latest('a3')).state, (pg_temp.latest('a3')).outcome ->> 'reason' $$, $$ VALUES ('escalated', 'its strategy asks a person') $$, 'nor does asking a person');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a3' AND rule = 'recovery_failed'), 1::bigint, 'at once');

SELECT * FROM finish();
ROLLBACK;
