-- Triggers of heartbeats: the bell, and the guard of gateways.
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
        'health_internal.tg_agent_heartbeats__copy_signal',
        'health_internal.tg_agent_heartbeats__ring',
        'health_internal.tg_ingest_heartbeats__guard'
    )
    ORDER BY p.oid::regprocedure::text COLLATE "C"
    $$,
    $$
    VALUES
    ('health_internal.tg_agent_heartbeats__copy_signal()', 'f', 'plpgsql', 'v', true, ''),
    ('health_internal.tg_agent_heartbeats__ring()', 'f', 'plpgsql', 'v', true, ''),
    ('health_internal.tg_ingest_heartbeats__guard()', 'f', 'plpgsql', 'v', false, 'health_gateway')
    $$,
    'signatures, kinds, languages, volatility, SECURITY DEFINER and grants are as declared'
);

SELECT triggers_are('health', 'agent_heartbeats', ARRAY['_500_copy_signal', '_900_ring'], 'agents: the bell');
SELECT triggers_are('health', 'ingest_heartbeats', ARRAY['_100_guard', '_500_copy_signal', '_900_ring'], 'gateways: the guard too');
INSERT INTO health.agent_logins VALUES ('test_gateway_pgtap', 'a1');
CREATE ROLE test_gateway_pgtap IN ROLE health_gateway;
GRANT USAGE ON SCHEMA tap TO test_gateway_pgtap;
SET LOCAL ROLE test_gateway_pgtap;
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) VALUES ('a1') $$, 'its own agent');
SELECT throws_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) VALUES ('a1'), ('a2') $$, 'AG005',
    'gateway "test_gateway_pgtap" may not write for agent "a2"', 'not another');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id) VALUES ('a1') $$, '42501', NULL, 'not past the guard');
RESET ROLE;
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id, state) VALUES ('a2', 'failed') $$, 'the owner may');
INSERT INTO health.agent_heartbeats (agent_id, signal, run_id) VALUES ('a1', 'start', 'r'), ('a1', 'beat', 'r'), ('a1', NULL, 'r');
INSERT INTO health.ingest_heartbeats (agent_id, signal) VALUES ('a1', 'log');
SELECT pg_temp.rows_are($$ SELECT agent_id, run_id, signal FROM health_internal.job_signals ORDER BY 3 $$,
    $$ VALUES ('a1', '', 'log'), ('a1', 'r', 'start') $$, 'what tells of a run is copied, nothing else');
SELECT is((SELECT count(DISTINCT txid) FROM health_internal.job_signals), 1::bigint, 'with its transaction');

SELECT * FROM finish();
ROLLBACK;
