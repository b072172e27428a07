-- Heartbeats as JSON: all of them or none, and what is wrong with each.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.record_heartbeats,health_internal.insert_heartbeats}',
    $$
    VALUES
    ('health.record_heartbeats(json)', 'f', 'plpgsql', 'v', false, 'health_gateway'),
    ('health_internal.insert_heartbeats(json)', 'f', 'plpgsql', 'v', false, 'health_gateway')
    $$
);
SELECT rows_are($$ SELECT column_name::text FROM information_schema.column_privileges
    WHERE grantee = 'health_gateway' AND table_schema = 'health' AND table_name = 'ingest_heartbeats' AND privilege_type = 'INSERT' ORDER BY 1 $$,
    $$ SELECT field FROM unnest(string_to_array(substring(
        (SELECT prosrc FROM pg_proc WHERE oid = 'health_internal.insert_heartbeats(json)'::regprocedure), 'ARRAY\[\s*(.*?)\s*\]'), ',')) AS f (quoted),
        LATERAL (SELECT btrim(quoted, E' \n''')) AS t (field) ORDER BY 1 $$, 'it takes the columns that gateways may write');

CREATE FUNCTION pg_temp.refused(p_items text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', item_index, code, field), ', ' ORDER BY item_index) FROM health.record_heartbeats(p_items::json));
CREATE ROLE test_gateway_pgtap IN ROLE health_gateway;
GRANT USAGE ON SCHEMA tap TO test_gateway_pgtap;
INSERT INTO health.agent_logins VALUES ('test_gateway_pgtap', 'cat'), ('test_gateway_pgtap', 'dog');
SET LOCAL ROLE test_gateway_pgtap;
SELECT is(pg_temp.refused($$ [{"agent_id": "cat", "error_count": 9007199254740, "attributes": {"a": 1}, "signal": "start", "run_id": "r"},
    {"agent_id": "dog", "state": null, "cpu_usage_percent": "12.5"}, {"agent_id": "dog", "state": "error"}] $$), NULL, 'good ones are taken');
SELECT is(pg_temp.refused('[]'), NULL, 'none, too');
RESET ROLE;
SELECT rows_are($$ SELECT agent_id, state, cpu_usage_percent, error_count, signal, run_id, attributes FROM health.ingest_heartbeats ORDER BY received_at $$,
    $$ VALUES ('cat', 'running', NULL, 9007199254740, 'start', 'r', '{"a": 1}'::jsonb), ('dog', 'running', 12.5, NULL, NULL, NULL, NULL),
        ('dog', 'error', NULL, NULL, NULL, NULL, NULL) $$, 'as they are');
SET LOCAL ROLE test_gateway_pgtap;
SELECT is(pg_temp.refused(format('[{"agent_id": "cat"}, %s, {"agent_id": "dog"}]', bad)), told, bad)
FROM (VALUES
    ('{"agent_id": "fox"}', '1 AG005'),
    ('{"agent_id": "cat", "speed": 1}', '1 GW001'),
    ('{"agent_id": "cat", "received_at": "2031-05-06"}', '1 GW001'),
    ('{"agent_id": "cat", "txid": "3"}', '1 GW001'),
    ('{"agent_id": null}', '1 GW002'),
    ('{}', '1 GW002'),
    ('[]', '1 GW002'),
    ('null', '1 GW002'),
    ('{"agent_id": ""}', '1 23514 agent_id'),
    ('{"agent_id": "cat", "state": "tired"}', '1 23514 state'),
    ('{"agent_id": "cat", "sent_at": "yesterday evening"}', '1 22007 sent_at'),
    ('{"agent_id": "cat", "sent_at": "2001-01-01"}', '1 23514'),
    ('{"agent_id": "cat", "error_count": 1.5}', '1 22P02 error_count'),
    ('{"agent_id": "cat", "error_count": 1e30}', '1 22P02 error_count'),
    ('{"agent_id": "cat", "error_count": 99999999999999999999}', '1 22003 error_count'),
    ('{"agent_id": "cat", "memory_usage_mb": "NaN"}', '1 23514 memory_usage_mb'),
    ('{"agent_id": "cat", "memory_usage_mb": true}', '1 22P02 memory_usage_mb'),
    ('{"agent_id": "cat", "memory_usage_mb": 1e-200}', '1 23514 memory_usage_mb'),
    ('{"agent_id": "cat", "attributes": [1]}', '1 23514 attributes')
) AS cases (bad, told);
SELECT is(pg_temp.refused('[{"agent_id": "fox"}, {"agent_id": "cat"}, {"agent_id": "cat", "signal": "go"}]'), '0 AG005, 2 23514 signal', 'every bad one is told');
SELECT is((SELECT min(hint) FROM health.record_heartbeats('[{"agent_id": "fox"}]')), 'An administrator adds the pair to health.agent_logins.', 'with what to do');
SELECT is((SELECT min(problem) FROM health.record_heartbeats('[{"agent_id": "cat", "cpu_usage_percent": 101}]')),
    'value for domain health.cpu_usage_percent violates check constraint "cpu_usage_percent_is_a_plain_number_from_0_to_100"', 'and the rule by its name');
SELECT is((SELECT count(*) FROM health.record_heartbeats((SELECT json_agg('{}'::json) FROM generate_series(1, 5000)))), 100::bigint, 'of thousands a hundred');
SELECT is((SELECT min(item_index) FROM health.record_heartbeats((
    SELECT json_agg(json_build_object('agent_id', CASE WHEN n < 400 THEN 'cat' END)) FROM generate_series(0, 400) AS n))), 400, 'the first bad one is always told');
SELECT throws_ok($$ SELECT health.record_heartbeats('{"agent_id": "cat"}') $$, '22023', NULL, 'an array is asked for');
SELECT throws_ok($$ INSERT INTO health.ingest_heartbeats (agent_id, received_at) VALUES ('cat', now()) $$, '42501', NULL, 'the role has no more rights for it');
RESET ROLE;
SELECT is((SELECT count(*) FROM health.ingest_heartbeats), 3::bigint, 'of a document with a bad one nothing is kept');

SELECT * FROM finish();
ROLLBACK;
