-- Triggers of heartbeats: the bell, and the guard of gateways.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.ring_for,
        health_internal.tg_agent_heartbeats__admit,
        health_internal.tg_ingest_heartbeats__admit
    }',
    $$
    VALUES
    ('health_internal.ring_for(text[])', 'f', 'plpgsql', 'v', true, 'health_admin, health_agent, health_bridge, health_gateway'),
    ('health_internal.tg_agent_heartbeats__admit()', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.tg_ingest_heartbeats__admit()', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT triggers_are('health', 'agent_heartbeats', ARRAY['_100_admit'], 'one trigger for rows of agents');
SELECT triggers_are('health', 'ingest_heartbeats', ARRAY['_100_admit'], 'one for statements of gateways');
SELECT is((SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE t.tgname = '_100_admit' AND c.relispartition
        AND c.relname LIKE 'agent\_heartbeats\_%'),
    (SELECT count(*) FROM pg_inherits WHERE inhparent = 'health.agent_heartbeats'::regclass),
    'every partition has the trigger');
SELECT throws_ok(format($$ INSERT INTO health.%I (agent_id, sent_at, received_at)
        VALUES ('a', %L, '2031-01-02 00:00:00+00') $$, t, sent_at), '23514', NULL, t || ' refuses ' || sent_at)
FROM unnest('{agent_heartbeats,ingest_heartbeats}'::text []) AS t,
    unnest('{2030-12-31 23:59:59.999+00,2031-01-03 00:00:00.001+00,infinity,-infinity}'::text []) AS sent_at;
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id, sent_at, received_at)
        VALUES ('a', '2032-01-02', '2031-01-02') $$, '23514',
    'new row for relation "agent_heartbeats" violates check constraint "sent_at_is_within_one_day_of_received_at"',
    'in the words of a CHECK');
SELECT lives_ok(format($$ INSERT INTO health.%I (agent_id, sent_at, received_at)
        VALUES ('a', %L, '2031-01-02 00:00:00+00') $$, t, sent_at), t || ' takes ' || coalesce(sent_at, 'no time'))
FROM unnest('{agent_heartbeats,ingest_heartbeats}'::text []) AS t,
    unnest('{2031-01-01 00:00:00+00,2031-01-03 00:00:00+00,NULL}'::text []) AS sent_at;
INSERT INTO health.agent_heartbeats (agent_id, signal, run_id, received_at) VALUES
('a1', 'start', 'r', '2031-01-02 00:00:00+00'), ('a1', 'beat', 'r', '2031-01-02'), ('a1', NULL, 'r', '2031-01-02');
INSERT INTO health.ingest_heartbeats (agent_id, signal, received_at) VALUES ('a1', 'log', '2031-01-02 00:00:00+00'), ('a1', 'beat', '2031-01-02');
SELECT rows_are($$ SELECT agent_id, run_id, signal, received_at FROM health_internal.job_signals ORDER BY 3 $$,
    $$ VALUES ('a1', '', 'log', timestamptz '2031-01-02 00:00:00+00'), ('a1', 'r', 'start', '2031-01-02 00:00:00+00') $$, 'signals of runs are copied, beats are not');
SELECT is((SELECT count(DISTINCT txid) FROM health_internal.job_signals), 1::bigint, 'with their transaction');
INSERT INTO health.agent_logins VALUES ('test_gateway_pgtap', 'a1');
CREATE ROLE test_gateway_pgtap IN ROLE health_gateway;
GRANT USAGE ON SCHEMA tap TO test_gateway_pgtap;
INSERT INTO health.agent_logins SELECT 'someone_else', 'a2';
SET LOCAL ROLE test_gateway_pgtap;
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) VALUES ('a1') $$, 'its own agent');
SELECT throws_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) VALUES ('a1'), ('a2') $$, 'AG005',
    'gateway "test_gateway_pgtap" may not write for agent "a2"', 'not another');
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) SELECT 'a1' FROM generate_series(1, 3) $$, 'one agent thrice');
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id) SELECT 'a2' WHERE false $$, 'nothing at all');
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id, state) VALUES ('a1', 'failed') $$, 'bad news');
SELECT throws_ok($$ INSERT INTO health.ingest_heartbeats (agent_id, state) VALUES ('a2', 'failed') $$, 'AG005', NULL,
    'bad news of another');
SELECT throws_ok($$ INSERT INTO health.agent_heartbeats (agent_id) VALUES ('a1') $$, '42501', NULL, 'not past the guard');
RESET ROLE;
SELECT lives_ok($$ INSERT INTO health.ingest_heartbeats (agent_id, state) VALUES ('a2', 'failed') $$, 'the owner may');

SELECT * FROM finish();
ROLLBACK;
