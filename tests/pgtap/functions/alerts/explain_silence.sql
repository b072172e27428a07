-- Why was I not paged?
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
        'health.explain_silence'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health.explain_silence(text,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge')
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
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a', '1 day'), ('calm', 'c', '1 day');
SELECT pg_temp.beat(a, 0) FROM unnest('{a1,calm}'::text []) AS a; SELECT pg_temp.tick(1);
SELECT pg_temp.rows_are($$ SELECT was_told, reason_code, explanation FROM health.explain_silence('calm') $$,
    $$ VALUES (false, 'nothing_wrong', 'nothing was wrong enough for an alert; now: liveness alive, score 100.00') $$, 'nothing was wrong');
SELECT health.silence('{"agent_id": "a1"}', pg_temp.at(100), 'ana', 'x', pg_temp.at(5));
SELECT pg_temp.beat('a1', 10, 'failed'); SELECT pg_temp.tick(10); SELECT pg_temp.tick(101);
SELECT pg_temp.rows_are($$ SELECT occurred_at, was_told, reason_code, channel FROM health.explain_silence('a1') $$,
    $$ VALUES (pg_temp.at(10), false, 'silenced', NULL), (pg_temp.at(101), false, 'pending', 'console') $$, 'silenced first, then the bridge had not fetched it');
SELECT count(health.report_delivery(delivery_id, fencing_token, 'delivered', '{}', pg_temp.at(103))) FROM health.claim_deliveries('w', 9, NULL, pg_temp.at(102));
SELECT pg_temp.rows_are($$ SELECT was_told, reason_code FROM health.explain_silence('a1', pg_temp.at(100)) $$, $$ VALUES (true, NULL) $$, 'now it has');
SELECT pg_temp.rows_are($$ SELECT reason_code FROM health.explain_silence('a1', pg_temp.at(0), pg_temp.at(100)) $$, $$ VALUES ('silenced') $$, 'between two times');
SELECT pg_temp.rows_are($$ SELECT event, reason FROM health.alert_history WHERE event IN ('delivered', 'failed') $$, $$ VALUES ('delivered', 'delivered') $$, 'the history knows the delivery');
SELECT throws_ok($$ SELECT health.explain_silence('nobody') $$, 'AG001', 'agent "nobody" is not known', 'agents are known');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT * FROM health.explain_silence('a1') $$, 'analysts ask');
SELECT lives_ok($$ SELECT * FROM health.suppressions, health.open_alerts, health.alert_history LIMIT 1 $$, 'and read');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
