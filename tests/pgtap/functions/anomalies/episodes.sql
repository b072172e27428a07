-- From strange points to episodes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.end_anomalies, health_internal.judge_surprises, health_internal.note_anomalies, health_internal.note_surprises}',
    $$
    VALUES
    ('health_internal.end_anomalies(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.judge_surprises(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.note_anomalies(timestamp with time zone,timestamp with time zone,health_internal.strange_point[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.note_surprises(text[],text[],double precision[],double precision[],timestamp with time zone)', 'f', 'sql', 'v', false, '')
    $$
);

CREATE FUNCTION pg_temp.episodes()
RETURNS TABLE (metric_name text, first_minute integer, last_minute integer, end_minute integer, point_count bigint, peak_value float8)
LANGUAGE sql AS $$
    SELECT metric_name, (date_part('epoch', started_at - at(0)) / 60)::integer, (date_part('epoch', last_seen_at - at(0)) / 60)::integer,
        (date_part('epoch', ended_at - at(0)) / 60)::integer, point_count, peak_value
    FROM health.anomalies ORDER BY anomaly_id;
$$;

SELECT lives_ok($$ SELECT detect_above_90(), live(0, 2, 84) $$, 'out of range but no anomaly');
SELECT is_empty('SELECT * FROM pg_temp.episodes()', 'opens nothing');
SELECT lives_ok($$ SELECT live(3, 3, 95), live(4, 4, 94), live(5, 5, 20) $$, 'two strange minutes, and a good one');
SELECT rows_are('SELECT * FROM pg_temp.episodes()', $$ VALUES ('cpu_usage_percent', 3, 4, NULL::integer, 2::bigint, 95::float8) $$, 'are one episode');
SELECT rows_are($$ SELECT peak_score, expected_low, expected_high, reason, details FROM health.anomalies $$,
    $$ VALUES (0.475::float8, 0::float8, 80::float8, 'above 90', '{"last_score": 0.475, "last_value": 95}'::jsonb) $$, 'with its peak and its latest');
SELECT rows_are($$ SELECT event_type, severity, event_data ->> 'agent_id', event_data ->> 'metric_name', received_at FROM health.system_events WHERE agent_id = 'heartbeat_health_agent' $$,
    $$ VALUES ('anomaly', 'warning', 'a1', 'cpu_usage_percent', at(246)) $$, 'and one event of the engine');
SELECT lives_ok($$ SELECT live(6, 6, 83), live(7, 15, 20) $$, 'out of range again, then nine good minutes');
SELECT rows_are('SELECT last_minute, point_count, end_minute FROM pg_temp.episodes()', $$ VALUES (6, 3::bigint, NULL::integer) $$, 'continue it');
SELECT lives_ok($$ SELECT live(16, 16, 95) $$, 'strange within ten minutes');
SELECT rows_are('SELECT last_minute, point_count, end_minute FROM pg_temp.episodes()', $$ VALUES (16, 4::bigint, NULL::integer) $$, 'is the same');
SELECT lives_ok($$ SELECT live(17, 27, 20) $$, 'eleven good minutes');
SELECT rows_are('SELECT * FROM pg_temp.episodes()', $$ VALUES ('cpu_usage_percent', 3, 16, 17, 4::bigint, 96::float8) $$, 'end it, where it ended');
SELECT lives_ok($$ SELECT live(28, 28, 95) $$, 'strange once more');
SELECT lives_ok($$ SELECT health.tick(at(28 * 60 + 12 * 60 + 5), true) $$, 'and then silence');
SELECT rows_are('SELECT first_minute, end_minute FROM pg_temp.episodes()', $$ VALUES (3, 17), (28, 29) $$, 'is another one, and silence ends it, too');
SELECT lives_ok($$ SELECT live(50, 50, 95) $$, 'strange');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('a1', at(70 * 60 + 1), 99);
SELECT lives_ok($$ SELECT health.tick(at(72 * 60), true) $$, 'and twenty minutes later, seen in the same tick');
SELECT rows_are('SELECT first_minute, end_minute FROM pg_temp.episodes() OFFSET 2', $$ VALUES (50, 51), (70, NULL::integer) $$, 'are two');

-- The series of an agent together: each surprise is 3, of ten series; the bar is 0.2 where nothing is usual.
SELECT is((SELECT count(*) FROM health.anomalies WHERE metric_name IS NULL), 0::bigint, 'of an agent that is new nothing was said');
SELECT rows_are($$ SELECT is_judged, series_count, state[1] > 20 FROM health_internal.agent_surprises WHERE agent_id = 'a1' $$,
    $$ VALUES (true, 1::bigint, true) $$, 'it was learnt');
SELECT lives_ok($$ SELECT known_agent('a1', 99), live(100, 102, 20, 30), live(103, 103, 20, 95) $$, 'memory is strange');
SELECT rows_are($$ SELECT minute_at, is_judged, surprise, series_count, series_surprises FROM health_internal.agent_surprises WHERE agent_id = 'a1' $$,
    $$ VALUES (at(6180), true, 3::float8, 2::bigint, '{"memory_usage_mb": 3.0}'::jsonb) $$, 'the agent has the surprise');
SELECT is((SELECT count(*) FROM health.anomalies WHERE metric_name IS NULL), 0::bigint, 'one series for a minute is not the agent');
SELECT lives_ok($$ SELECT live(104, 105, 95, 95) $$, 'CPU, too, for two minutes');
SELECT rows_are($$ SELECT started_at, last_seen_at, point_count, peak_score > 0.5, peak_value, reason, details FROM health.anomalies WHERE metric_name IS NULL $$,
    $$ VALUES (at(6300), at(6300), 1::bigint, true, NULL::float8,
        'series are together 3 times as surprising as usual: cpu_usage_percent, memory_usage_mb',
        '{"surprises": {"memory_usage_mb": 3.0, "cpu_usage_percent": 3.0}}'::jsonb) $$,
    'are an episode of the agent');
SELECT lives_ok($$ SELECT live(106, 106, 95, 95) $$, 'another minute');
SELECT rows_are($$ SELECT last_seen_at, point_count FROM health.anomalies WHERE metric_name IS NULL $$, $$ VALUES (at(6360), 2::bigint) $$, 'is the same episode');
SELECT lives_ok($$ SELECT live(107, 125, 20, 30) $$, 'then all is quiet');
SELECT is((SELECT count(*) FROM health.anomalies WHERE ended_at IS NULL), 0::bigint, 'and all is over');
SELECT rows_are($$ SELECT ended_at FROM health.anomalies WHERE metric_name IS NULL $$, $$ VALUES (at(6420)) $$, 'a minute after its last');

SELECT lives_ok($$ SELECT health_internal.note_surprises('{a1,a1}', '{cpu_usage_percent,memory_usage_mb}', '{150,150}', '{0,0}', at(7560)),
    health_internal.judge_surprises(at(7620)) $$, 'two series far out');
SELECT rows_are($$ SELECT started_at, round(peak_score::numeric, 2) FROM health.anomalies WHERE metric_name IS NULL AND ended_at IS NULL $$,
    $$ VALUES (at(7560), 0.75) $$, 'a minute far out is worth three bars at most');

-- A minute in several batches, and one that is not whole.
SELECT lives_ok($$ SELECT known_agent('b1', 200),
    health_internal.note_surprises('{b1,b1,b2}', '{m1,m2,m1}', '{1,4,NULL}', '{10,0,NULL}', at(12060)),
    health_internal.note_surprises('{b1}', '{m3}', '{5}', '{2}', at(12060)) $$, 'three series in two batches, and one of an agent that learns');
SELECT rows_are($$ SELECT agent_id, surprise, distance, series_count, is_judged, series_surprises FROM health_internal.agent_surprises WHERE agent_id LIKE 'b%' $$,
    $$ VALUES ('b1', 10::float8, 12::float8, 3::bigint, false, '{"m2": 4.0, "m3": 5.0}'::jsonb) $$, 'are one minute');
SELECT is((SELECT health_internal.judge_surprises(at(12060))), 0::bigint, 'which is not over');
SELECT is((SELECT is_judged FROM health_internal.agent_surprises WHERE agent_id = 'b1'), false, 'and waits');
SELECT is((SELECT health_internal.judge_surprises(at(12120))), 1::bigint, 'then it is judged');
SELECT is((SELECT health_internal.judge_surprises(at(12120))), 0::bigint, 'once');
SELECT lives_ok($$ SELECT health_internal.note_surprises('{b1}', '{m3}', '{9}', '{0}', at(13200)), health_internal.judge_surprises(at(13260)) $$, 'and again after more than ten minutes');
SELECT rows_are($$ SELECT started_at, ended_at FROM health.anomalies WHERE agent_id = 'b1' ORDER BY 1 $$,
    $$ VALUES (at(12060), at(12120)), (at(13200), NULL) $$, 'is another episode');

SELECT * FROM finish();
ROLLBACK;
