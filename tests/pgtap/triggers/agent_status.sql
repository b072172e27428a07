-- Triggers of agent_status: every change of status, liveness or issue is a transition.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.tg_agent_status__note_transition
    }',
    $$
    VALUES
    ('health_internal.tg_agent_status__note_transition()', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT triggers_are('health', 'agent_status', ARRAY['_500_note_transition', '_500_note_new_conditions', '_500_note_removal'], 'of which one writes transitions');
INSERT INTO health.agent_status (agent_id) VALUES ('a1');
UPDATE health.agent_status SET score = 99, judged_at = '2031-05-06 07:00+00', beat_count = 1 WHERE agent_id = 'a1';
SELECT is_empty($$ SELECT * FROM health.status_transitions $$, 'a score alone is no transition');
UPDATE health.agent_status SET status = 'excellent', liveness = 'alive', last_heartbeat_at = '2031-05-06 06:59+00', judged_tick_id = 7 WHERE agent_id = 'a1';
SELECT rows_are($$ SELECT agent_id, occurred_at, old_status, new_status, old_liveness, new_liveness, old_score, new_score, last_heartbeat_at, tick_id FROM health.status_transitions $$,
    $$ VALUES ('a1', timestamptz '2031-05-06 07:00+00', NULL, 'excellent', 'never_seen', 'alive', 99::float8, 99::float8, timestamptz '2031-05-06 06:59+00', 7::bigint) $$,
    'a status is, with what was known then');
UPDATE health.agent_status SET status = 'excellent' WHERE agent_id = 'a1';
SELECT is((SELECT count(*) FROM health.status_transitions), 1::bigint, 'the same again is not');

-- During maintenance the deadline goes on underneath, and what is true at its end is told once.
CREATE FUNCTION pg_temp.tick(p_seconds float8, p_beating text DEFAULT '{}', p_is_replay boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (agent_id, received_at) SELECT a, at(p_seconds) FROM unnest(p_beating::text []) AS a;
    PERFORM health.tick(at(p_seconds), p_is_replay);
    RETURN (SELECT string_agg(liveness, ' ' ORDER BY agent_id) FROM health.fleet WHERE agent_id IN ('m', 'n', 'o'));
END $$;
CREATE FUNCTION pg_temp.moves(p_agent_id text, p_from float8) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s>%s', date_part('epoch', occurred_at - at(0)), old_liveness, new_liveness), ', ' ORDER BY transition_id)
    FROM health.status_transitions WHERE agent_id = p_agent_id AND occurred_at >= at(p_from) AND old_liveness <> new_liveness $$;
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT a, a, '10 s' FROM unnest('{m,n,o}'::text []) AS a;
SELECT pg_temp.tick(100 + 10 * n, '{m,n,o}') FROM generate_series(0, 9) AS n;
SELECT health.schedule_maintenance('{"agent_ids": ["m", "n"]}', at(200), at(300), 'ana', 'x', p_now => at(190));
SELECT is(pg_temp.tick(195), 'alive alive alive', 'before it');
SELECT is(pg_temp.tick(200, '{n,o}'), 'in_maintenance in_maintenance alive', 'from its beginning on they are in maintenance');
SELECT pg_temp.tick(200 + 10 * s, '{n,o}') FROM generate_series(1, 9) AS s;
SELECT rows_are($$ SELECT liveness, observed_liveness, maintenance_until, recommendations FROM health.fleet WHERE agent_id = 'm' $$,
    $$ VALUES ('in_maintenance', 'unresponsive', at(300), '{}'::text []) $$, 'what heartbeats say goes on underneath');
SELECT rows_are($$ SELECT alive_count, unresponsive_count, in_maintenance_count FROM health.system_health $$, $$ VALUES (3::bigint, 0::bigint, 2::bigint) $$, 'and is not counted as trouble');
SELECT is(pg_temp.tick(300, '{n,o}'), 'unresponsive alive alive', 'at its end the truth');
SELECT is(pg_temp.moves('m', 195), '200 alive>in_maintenance, 300 in_maintenance>unresponsive', 'is one transition, and none in between');
SELECT is(pg_temp.moves('n', 195), '200 alive>in_maintenance, 300 in_maintenance>alive', 'of the healthy too');
SELECT rows_are($$ SELECT new_status, new_liveness FROM health.status_transitions WHERE agent_id = 'm' AND occurred_at > at(200) ORDER BY transition_id DESC LIMIT 1 $$, $$ VALUES ('critical', 'unresponsive') $$, 'with its status');
SELECT ok(EXISTS (SELECT FROM health.status_transitions WHERE agent_id = 'm' AND old_liveness = 'in_maintenance' AND new_liveness = 'in_maintenance' AND new_status = 'critical'), 'that its score fell is known');
-- Back in the very tick in which it ends; several windows; cancelled.
SELECT health.schedule_maintenance('{"agent_id": "m"}', at(310), at(330), 'ana', 'x', p_now => at(305));
SELECT health.schedule_maintenance('{"agent_id": "m"}', at(320), at(340), 'ana', 'x', p_now => at(305));
SELECT health.schedule_maintenance('{"agent_id": "m"}', at(340), at(350), 'ana', 'x', p_now => at(305));
SELECT pg_temp.tick(310 + 10 * s, '{n,o}') FROM generate_series(0, 3) AS s;
SELECT is(pg_temp.tick(350, '{m,n,o}'), 'alive alive alive', 'it beats again as it ends');
SELECT is(pg_temp.moves('m', 310), '310 unresponsive>in_maintenance, 350 in_maintenance>alive', 'one way in, one way out');
SELECT health.schedule_maintenance('{"agent_id": "m"}', at(355), at(900), 'ana', 'x', p_now => at(355));
SELECT is((SELECT liveness FROM health.fleet WHERE agent_id = 'm'), 'in_maintenance', 'one that begins at once shows at once');
SELECT health.cancel_maintenance(max(window_id), 'ana', at(357)) FROM health.maintenance_windows;
SELECT is((SELECT liveness FROM health.fleet WHERE agent_id = 'm'), 'alive', 'and so does its cancellation');
SELECT is(pg_temp.moves('m', 351), '355 alive>in_maintenance, 357 in_maintenance>alive', 'as is on record');
SELECT pg_temp.tick(360 + 10 * s, '{m,n,o}') FROM generate_series(0, 4) AS s;
-- Weekly: 2031-05-06 is a Tuesday; at(480) is 07:08 UTC.
SELECT health.schedule_weekly_maintenance('{"agent_id": "n"}', '{2}', '07:08', '07:09', 'UTC', 'ana', 'x', p_now => at(400));
SELECT pg_temp.tick(410 + 10 * s, '{m,n,o}') FROM generate_series(0, 14) AS s;
SELECT is(pg_temp.moves('n', 410), '480 alive>in_maintenance, 540 in_maintenance>alive', 'a weekly one too');
-- The monitor stops while it lasts: nothing is known of that time, and nobody is accused before it has settled.
SELECT health.schedule_maintenance('{"agent_id": "o"}', at(560), at(600), 'ana', 'x', p_now => at(551));
SELECT is(pg_temp.tick(560, '{m,n,o}', false), 'alive alive in_maintenance', 'maintenance begins');
SELECT is(pg_temp.tick(900, '{m,n}', false), 'alive alive alive', 'it ended while the monitor was blind');
SELECT is(pg_temp.moves('o', 560), '560 alive>in_maintenance, 900 in_maintenance>alive', 'of which the next tick tells');
SELECT pg_temp.tick(900 + 10 * s, '{m,n}', false) FROM generate_series(1, 8) AS s;
SELECT is((SELECT liveness FROM health.fleet WHERE agent_id = 'o'), 'unresponsive', 'who stays silent is accused when the gap has settled');
-- A job on a schedule.
SELECT health.register_agent('job');
SELECT health.set_schedule('job', '*/20 * * * *', 'UTC', '1 minute');
SELECT pg_temp.tick(990, '{job}');
SELECT health.schedule_maintenance('{"agent_id": "job"}', at(1190), at(1300), 'ana', 'x', p_now => at(1000));
SELECT pg_temp.tick(s) FROM unnest('{1190,1200,1230,1260,1270}'::float8 []) AS s;
SELECT rows_are($$ SELECT liveness, observed_liveness FROM health.fleet WHERE agent_id = 'job' $$, $$ VALUES ('in_maintenance', 'late') $$, 'a run that is missed meanwhile');
SELECT is((SELECT count(*) FROM health.deliveries WHERE agent_ids = '{job}'), 0::bigint, 'calls nobody');
SELECT pg_temp.tick(s) FROM unnest('{1300,1310}'::float8 []) AS s;
SELECT rows_are($$ SELECT event FROM health.deliveries WHERE agent_ids = '{job}' $$, $$ VALUES ('truth') $$, 'and is told once when it ends');
SELECT is(pg_temp.moves('job', 1100), '1190 alive>in_maintenance, 1300 in_maintenance>late', 'as its liveness is');
-- A fleet in maintenance that falls silent is no blindness of the monitor.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 'fleet' || n, 'f', '10 s' FROM generate_series(1, 30) AS n;
INSERT INTO health.agent_heartbeats (agent_id, received_at) SELECT 'fleet' || n, at(1400 + 10 * s) FROM generate_series(1, 30) AS n, generate_series(0, 9) AS s;
SELECT pg_temp.tick(1490, '{n,o}');
SELECT health.schedule_maintenance('{"agent_id": "fleet*"}', at(1490), at(2000), 'ana', 'x', p_now => at(1490));
SELECT pg_temp.tick(1490 + 10 * s, '{n,o}', false) FROM generate_series(1, 10) AS s;
SELECT is_empty($$ SELECT * FROM health.monitor_gaps WHERE reason = 'fleet_silent' $$, 'an announced silence is no gap');
SELECT is((SELECT count(*) FROM health.fleet WHERE agent_id LIKE 'fleet%' AND liveness = 'in_maintenance' AND observed_liveness = 'unresponsive'), 30::bigint, 'it is maintenance');

SELECT * FROM finish();
ROLLBACK;
