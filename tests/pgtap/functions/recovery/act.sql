-- Recovery's part of the act: escalation, once; needless ones end; budgets respected.
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
        'health_internal.act_on_recoveries',
        'health_internal.settle_recoveries',
        'health_internal.tell_of_escalations'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.act_on_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.settle_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.tell_of_escalations(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
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
SELECT is(pg_temp.tick(11.5), 0::bigint, 'healthy agents need nothing');
SELECT pg_temp.beat(12, 'failed'); SELECT is(pg_temp.tick(12), 1::bigint, 'a failed one does');
SELECT pg_temp.report(13, 'failed'); SELECT pg_temp.tick(14); SELECT pg_temp.tick(23); SELECT is(pg_temp.report(24, 'failed'), true, 'the second attempt fails');
SELECT pg_temp.tick(25); SELECT pg_temp.tick(45); SELECT is(pg_temp.report(46, 'failed'), true, 'the third too');
SELECT pg_temp.tick(47);
SELECT is((pg_temp.latest()).state, 'escalated', 'the budget of three is used up: a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT is((pg_temp.latest()).told_at, pg_temp.at(47), 'and noted');
SELECT pg_temp.tick(48); SELECT pg_temp.tick(900);
SELECT is((SELECT count(*) FROM health.alerts WHERE rule = 'recovery_failed'), 1::bigint, 'once');
SELECT is((SELECT count(*) FROM health.recovery_actions), 4::bigint, 'and nothing more is tried, however long he takes');
SELECT pg_temp.beat(900 + 5 * s) FROM generate_series(1, 5) AS s; SELECT pg_temp.tick(926);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE settled_at IS NULL), 0::bigint, 'health settles it');
SELECT pg_temp.beat(930, 'failed'); SELECT pg_temp.tick(930);
SELECT is((pg_temp.latest()).state, 'pending', 'and the next trouble is tried again');
-- Not claimed, refused.
SELECT pg_temp.tick(1060); SELECT is((pg_temp.latest()).state, 'escalated', 'what no bridge claims within two minutes is a person''s');
SELECT is((pg_temp.latest()).outcome ->> 'reason', 'no bridge claimed it', 'with the reason');
SELECT health.request_recovery('a2', 'agent_unresponsive', 'ana', pg_temp.at(1061)); SELECT is(pg_temp.report(1062, 'refused'), true, 'a bridge may refuse');
SELECT is((pg_temp.latest('a2')).state, 'escalated', 'which is a matter for a person');
SELECT is(health.request_recovery('a2', 'agent_unresponsive', 'ana', pg_temp.at(1063)) > 0, true, 'who may ask again');
SELECT pg_temp.tick(1063);
SELECT is((pg_temp.latest('a2')).state, 'pending', 'a person''s wish is not cancelled because the agent is well');

SELECT * FROM finish();
ROLLBACK;
