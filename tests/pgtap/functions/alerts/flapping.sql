-- Flapping: who enters, what is told, who leaves.
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
        'health_internal.watch_flapping'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.watch_flapping(timestamp with time zone,bigint[])', 'f', 'sql', 'v', false, '')
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
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('f', 'f', '10 s');
SELECT pg_temp.beat('f', 10 * n) FROM generate_series(-30, 0) AS n;
SELECT pg_temp.tick(0);
SELECT is(health_internal.watch_flapping(pg_temp.at(1), '{}'), '{}'::bigint [], 'nobody flaps');
SELECT pg_temp.beat('f', 10, 'failed'); SELECT pg_temp.tick(10);
-- Every other interval failed, then not: each turn is a change.
CREATE FUNCTION pg_temp.turn(p_seconds float8, p_state text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.beat('f', p_seconds, p_state);
    PERFORM pg_temp.tick(p_seconds);
    RETURN EXISTS (SELECT FROM health_internal.flapping_agents WHERE agent_id = 'f');
END $$;
SELECT pg_temp.rows_are($$ SELECT n, pg_temp.turn(10 + 10 * n, CASE WHEN n % 2 = 0 THEN 'failed' ELSE 'running' END) FROM generate_series(1, 7) AS n $$,
    $$ VALUES (1, false), (2, false), (3, false), (4, false), (5, true), (6, true), (7, true) $$, 'the sixth change in a row is above 30 %');
SELECT pg_temp.rows_are($$ SELECT event, count(*) FROM health.deliveries GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('opened', 3::bigint), ('resolved', 2) $$, 'then nothing more is told');
SELECT ok(EXISTS (SELECT FROM health.suppressions WHERE agent_id = 'f' AND reason_code = 'flapping'), 'and the ledger says why');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'f'), 0::bigint, 'it is well at the moment');
SELECT pg_temp.turn(80 + 10 * n, 'running') FROM generate_series(1, 25) AS n;
SELECT is_empty($$ SELECT * FROM health_internal.flapping_agents $$, 'it settles');
SELECT pg_temp.rows_are($$ SELECT event, count(*) FROM health.deliveries GROUP BY 1 ORDER BY 1 $$, $$ VALUES ('opened', 3::bigint), ('resolved', 3) $$, 'and the all-clear comes, once');
SELECT pg_temp.rows_are($$ SELECT n, pg_temp.turn(340 + 10 * n, CASE WHEN n % 2 = 0 THEN 'running' ELSE 'failed' END) FROM generate_series(1, 9) AS n WHERE true $$,
    $$ VALUES (1, false), (2, false), (3, false), (4, false), (5, false), (6, true), (7, true), (8, true), (9, true) $$, 'it flaps again');
SELECT is((SELECT count(*) FROM health.incidents WHERE NOT is_settled), 1::bigint, 'the incident that is open has taken the place of those whose end was withheld');
SELECT pg_temp.turn(430 + 10 * n, 'failed') FROM generate_series(1, 25) AS n;
SELECT is_empty($$ SELECT * FROM health_internal.flapping_agents $$, 'it settles in trouble');
SELECT pg_temp.rows_are($$ SELECT event FROM health.deliveries ORDER BY delivery_id DESC LIMIT 1 $$, $$ VALUES ('truth') $$, 'and the truth is told');
SELECT pg_temp.rows_are($$ SELECT event, count(*) FROM health.deliveries WHERE created_at > pg_temp.at(440) GROUP BY 1 $$, $$ VALUES ('truth', 1::bigint) $$, 'once');

SELECT * FROM finish();
ROLLBACK;
