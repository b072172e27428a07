-- Pings: who may be spoken for by which address, and what a ping tells.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.create_ping_url,health.record_pings,health.revoke_ping_url}',
    $$
    VALUES
    ('health.create_ping_url(text,text,uuid,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health.record_pings(json)', 'f', 'plpgsql', 'v', true, 'health_gateway'),
    ('health.revoke_ping_url(uuid,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin')
    $$
);

SELECT ok(proconfig @> '{lock_timeout=4s}', oid::regprocedure || ' leaves the queue for a lock before its caller does')
FROM pg_proc WHERE oid IN ('health.record_pings(json)'::regprocedure, 'health.record_heartbeats(json)'::regprocedure);
CREATE FUNCTION pg_temp.ping(p_pings text) RETURNS text [] LANGUAGE sql RETURN health.record_pings(p_pings::json);
CREATE FUNCTION pg_temp.told(p_agent_id text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', signal, run_id, attributes), ', ' ORDER BY received_at)
    FROM health.ingest_heartbeats WHERE agent_id = p_agent_id);
SELECT lives_ok($$ SELECT health.register_agent(name) FROM unnest('{cat,dog,eel}'::text []) AS name $$, 'three agents');
CREATE TEMPORARY TABLE made AS
SELECT health.create_ping_url('cat', 'tom', NULL, 'ana', at(0)) AS cat, health.create_ping_url('dog') AS dog, health.create_ping_url('eel') AS eel;
GRANT SELECT ON made TO health_gateway;
SELECT rows_are($$ SELECT agent_id, slug, tells_runs, created_at, created_by, revoked_at FROM health.ping_urls WHERE slug = 'tom' $$,
    $$ VALUES ('cat', 'tom', false, at(0), 'ana', NULL::timestamptz) $$, 'who made it, and when');
SELECT throws_ok($$ SELECT health.create_ping_url('fox') $$, 'AG001', 'agent "fox" is not registered', 'for a stranger there is none');
SELECT is(health.create_ping_url('cat', NULL, '5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278'), '5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278'::uuid, 'an address from elsewhere');
SELECT throws_ok($$ SELECT health.create_ping_url('dog', NULL, '5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278') $$, '23505', NULL, 'is given once');
SELECT throws_ok($$ SELECT health.create_ping_url('dog', 'tom') $$, '23505', NULL, 'a slug is given once');
SELECT throws_ok(format($$ SELECT health.create_ping_url('dog', %L) $$, slug), '23514', NULL, coalesce(slug, 'none') || ' is no slug')
FROM unnest(ARRAY['', 'Tom', 'a/b', 'ä', repeat('x', 101), gen_random_uuid()::text]) AS slug;

SET LOCAL ROLE health_gateway;
SELECT is(pg_temp.ping(format('[{"ping_id": "%s"}, {"ping_id": "%s"}, {"slug": "tom"}, {"slug": "jerry"}, {}]', cat, gen_random_uuid())),
    '{recorded,not_found,recorded,not_found,not_found}', 'one outcome a ping, in order') FROM made;
SELECT is(pg_temp.ping('[]'), '{}', 'of no ping none');
RESET ROLE;
SELECT is(pg_temp.told('cat'), 'beat, beat', 'a plain ping of an agent that is no job is a beat');
SELECT is((SELECT count(*) FROM health.ingest_heartbeats), 2::bigint, 'nothing else was recorded');
SELECT is((SELECT count(*) FROM health_internal.job_signals), 0::bigint, 'no run was told of');

SELECT is(pg_temp.ping(format(
    '[{"ping_id": "%1$s"}, {"ping_id": "%1$s", "signal": "start", "run_id": "r1"}, {"ping_id": "%1$s", "run_id": "r1", "attributes": {"body": "ok"}}]', dog)),
    '{recorded,recorded,recorded}', 'a start') FROM made;
SELECT is(pg_temp.told('dog'), 'success, start r1, success r1 {"body": "ok"}', 'whoever told of a run ends it by a plain ping, within one batch too');
SELECT is((SELECT tells_runs FROM health.ping_urls WHERE agent_id = 'dog'), true, 'that is remembered');
SELECT is(pg_temp.ping('[{"slug": "tom", "signal": "fail", "attributes": {"exit_code": 3}}]'), '{recorded}', 'by its slug, too');
SELECT is(pg_temp.told('cat'), 'beat, beat, fail {"exit_code": 3}', 'a failure with its status');
SELECT is((SELECT tells_runs FROM health.ping_urls WHERE slug = 'tom'), true, 'remembered as well');
SELECT is((SELECT tells_runs FROM health.ping_urls WHERE agent_id = 'eel'), false, 'of no other');
SELECT lives_ok($$ SELECT health.set_schedule('eel', '@daily') $$, 'a job by its schedule');
SELECT is(pg_temp.ping(format('[{"ping_id": "%s"}]', eel)), '{recorded}', 'pings plainly') FROM made;
SELECT is(pg_temp.told('eel'), 'success', 'which is a run');
SELECT is((SELECT folded_rows >= 7 FROM health.tick()), true, 'a tick folds them');
SELECT rows_are($$ SELECT agent_id, run_id, outcome, attributes FROM health.job_runs WHERE agent_id <> 'eel' ORDER BY agent_id, began_at $$,
    $$ VALUES ('cat', '', 'fail', '{"exit_code": 3}'::jsonb), ('dog', '', 'success', NULL), ('dog', 'r1', 'success', '{"body": "ok"}') $$, 'into runs');
SELECT lives_ok($$ SELECT health.revoke_ping_url(dog, 'ana', at(5)) FROM made $$, 'an address is revoked');
CREATE TEMPORARY TABLE anew AS SELECT health.create_ping_url('dog') AS dog;
SELECT is(pg_temp.ping(format('[{"ping_id": "%s"}, {"ping_id": "%s"}]', made.dog, anew.dog)), '{not_found,recorded}', 'its successor serves') FROM made, anew;
SELECT is((SELECT signal::text FROM health.ingest_heartbeats WHERE agent_id = 'dog' ORDER BY received_at DESC LIMIT 1), 'success',
    'and knows that the agent is a job');

SELECT throws_ok(format($$ SELECT pg_temp.ping('[{"slug": "tom"}, {"slug": "tom", %s}]') $$, bad), '23514', NULL, bad || ' refuses the batch')
FROM unnest(ARRAY['"signal": "stop"', '"run_id": ""', '"attributes": [1]']) AS bad;
SELECT throws_ok($$ SELECT pg_temp.ping('[{"ping_id": "x"}]') $$, '22P02', NULL, 'no UUID');
SELECT is(pg_temp.told('cat'), 'beat, beat, fail {"exit_code": 3}', 'of which nothing was kept');
SELECT lives_ok($$ SELECT health.revoke_ping_url(cat) FROM made $$, 'a revoked one');
SELECT throws_ok($$ SELECT health.revoke_ping_url(cat) FROM made $$, 'GW003', NULL, 'is revoked once');
SELECT is(pg_temp.ping('[{"slug": "tom"}]'), '{not_found}', 'its slug ends with it');
SELECT lives_ok($$ SELECT health.create_ping_url('eel', 'tom') $$, 'and is free again');
SELECT is(pg_temp.ping('[{"slug": "tom"}]'), '{recorded}', 'for another');
SELECT lives_ok($$ DELETE FROM health.agents WHERE agent_id = 'eel' $$, 'an agent that is deleted');
SELECT is(pg_temp.ping('[{"slug": "tom"}]'), '{not_found}', 'is not registered again by its ping');

SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT agent_id, revoked_at FROM health.ping_urls $$, 'analysts see that there are addresses');
SELECT throws_ok($$ SELECT ping_id FROM health.ping_urls $$, '42501', NULL, 'not which');
SELECT throws_ok($$ SELECT slug FROM health.ping_urls $$, '42501', NULL, 'nor by which name');
RESET ROLE;
SET LOCAL ROLE health_gateway;
SELECT throws_ok($$ SELECT agent_id FROM health.ping_urls $$, '42501', NULL, 'a gateway sees nothing');
RESET ROLE;
SET LOCAL ROLE health_admin;
SELECT lives_ok($$ SELECT * FROM health.ping_urls $$, 'administrators see them');
SELECT throws_ok($$ UPDATE health.ping_urls SET agent_id = 'dog' $$, '42501', NULL, 'and change them by functions only');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
