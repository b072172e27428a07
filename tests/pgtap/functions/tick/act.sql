-- Act: one open alert per agent and rule, one incident per agent, one digest for many.
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
        'health_internal.act_on_alerts',
        'health_internal.open_recovery_failed',
        'health_internal.queue_deliveries',
        'health_internal.severity_rank'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.act_on_alerts(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.open_recovery_failed(timestamp with time zone,text[],text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.queue_deliveries(timestamp with time zone,bigint[],text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.severity_rank(text)', 'f', 'sql', 'i', false, '')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

CREATE FUNCTION pg_temp.at(p_seconds float8)
RETURNS timestamptz
LANGUAGE sql
RETURN timestamptz '2031-05-06 07:00:00+00' + make_interval(secs => p_seconds);
CREATE FUNCTION pg_temp.beat(p_agent_id text, p_seconds float8, p_state text DEFAULT 'running')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, pg_temp.at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(pg_temp.at(p_seconds), true)).alerts_opened;
SELECT pg_temp.rows_are($$ SELECT health_internal.severity_rank(s) FROM unnest('{info,warning,critical,emergency,loud}'::text []) AS s $$,
    $$ VALUES (1), (2), (3), (4), (NULL) $$, 'severities ascend');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', E'Agent one', '5 s');
SELECT pg_temp.beat('a1', 0); SELECT pg_temp.beat('a1', 5);
SELECT is(pg_temp.tick(6), 0::bigint, 'all is well');
SELECT pg_temp.beat('a1', 7, 'failed');
SELECT is(pg_temp.tick(7), 1::bigint, 'a state failed opens its alert');
SELECT is(pg_temp.tick(8), 0::bigint, 'once');
SELECT pg_temp.beat('a1', 9, 'failed');
SELECT is(pg_temp.tick(9), 0::bigint, 'also with further evidence');
SELECT pg_temp.rows_are($$ SELECT rule, severity FROM health.open_alerts $$, $$ VALUES ('failed', 'critical') $$, 'with its severity');
SELECT pg_temp.rows_are($$ SELECT channel, event, severity, state, agent_ids FROM health.deliveries $$,
    $$ VALUES ('console', 'opened', 'critical', 'pending', ARRAY['a1']) $$, 'one message');
SELECT pg_temp.beat('a1', 10); SELECT pg_temp.beat('a1', 15);
SELECT pg_temp.tick(16);
SELECT is_empty($$ SELECT * FROM health.open_alerts $$, 'a recovered agent has no open alert');
SELECT is((SELECT count(*) FROM health.incidents WHERE resolved_at = pg_temp.at(16)), 1::bigint, 'its incident is over');
SELECT pg_temp.rows_are($$ SELECT event FROM health.alert_history ORDER BY alert_event_id $$,
    $$ VALUES ('opened'), ('queued'), ('resolved'), ('queued') $$, 'all of it is on record');
SELECT pg_temp.tick(1000);
SELECT ok(EXISTS (SELECT FROM health.open_alerts WHERE rule = 'unresponsive'), 'silence opens unresponsive');
SELECT is((SELECT onset_at FROM health.incidents WHERE resolved_at IS NULL), pg_temp.at(15), 'whose onset is the last heartbeat');
SELECT is((SELECT count(*) FROM health.incidents), 2::bigint, 'in an incident of its own');
SELECT pg_temp.beat('m' || n, 1001) FROM generate_series(1, 12) AS n;
SELECT pg_temp.tick(1002);
SELECT pg_temp.tick(3000);
SELECT is((SELECT count(*) FROM health.incidents WHERE detected_at = pg_temp.at(3000)), 12::bigint, 'twelve agents fall silent');
SELECT pg_temp.rows_are($$ SELECT event, incident_id, cardinality(agent_ids) FROM health.deliveries WHERE created_at = pg_temp.at(3000) AND event = 'digest' $$,
    $$ VALUES ('digest', NULL::bigint, 12) $$, 'and are one digest');
SELECT is((SELECT count(DISTINCT alert_id) FROM health.alert_history WHERE event = 'grouped') >= 12, true, 'the ledger says grouped');
SELECT throws_ok($$ INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at)
    SELECT incident_id, agent_id, rule, severity, 'again', now() FROM health.open_alerts LIMIT 1 $$, '23505', NULL,
    'one open alert per agent and rule is a key');
SELECT lives_ok($$ UPDATE health.alert_rules SET is_enabled = false WHERE rule = 'failed' $$, 'a rule may be disabled');
SELECT pg_temp.beat('quiet', 3001, 'failed');
SELECT pg_temp.tick(3002);
SELECT is_empty($$ SELECT * FROM health.open_alerts WHERE agent_id = 'quiet' AND rule = 'failed' $$, 'and then opens nothing');
SELECT lives_ok($$ SELECT health_internal.open_recovery_failed(pg_temp.at(3003), ARRAY['m1', 'm1'], 'test') $$, 'a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE rule = 'recovery_failed' AND agent_id = 'm1'), 1::bigint, 'once');
SELECT is(health_internal.queue_deliveries(pg_temp.at(3004), '{}', 'opened'), 0::bigint, 'nothing to tell is no message');

SELECT * FROM finish();
ROLLBACK;
