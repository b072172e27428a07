-- A minute of some series through detector, baseline and episodes.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.step_minute, health_internal.step_points}',
    $$
    VALUES
    ('health_internal.step_minute(timestamp with time zone,timestamp with time zone,bigint,integer)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.step_points(timestamp with time zone,timestamp with time zone,bigint[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT lives_ok($$ SELECT detect_above_90(), live(0, 4, 20) $$, 'five minutes');
SELECT rows_are($$ SELECT last_minute_at, last_value, last_score, expected_low, expected_high, point_count, standing FROM health.series WHERE agent_id = 'a1' $$,
    $$ VALUES (at(240), 21::float8, 0.105::float8, 0::float8, 80::float8, 5::bigint, 'watched') $$, 'are judged');
SELECT rows_are($$ SELECT hour_of_week, value_count, round(center::numeric, 6), updated_at FROM health.baselines $$,
    $$ VALUES (31::smallint, 5::bigint, 20.800000, at(240)) $$, 'and learnt');

-- A gap of days: the next point is the next.
SELECT lives_ok($$ SELECT live(4 * 1440, 4 * 1440, 20) $$, 'four days later');
SELECT rows_are($$ SELECT last_minute_at, point_count FROM health.series WHERE agent_id = 'a1' $$, $$ VALUES (at(345600), 6::bigint) $$, 'one point more');

-- A counter: its growth per minute; a fall is a new beginning, and no growth.
CREATE FUNCTION pg_temp.count_to(p_minute integer, p_value float8)
RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
    VALUES ('a1', 'sent_total', p_value, at(p_minute * 60 + 20));
    PERFORM health.tick(at(p_minute * 60 + 66), true);
END $$;
SELECT lives_ok($$ SELECT pg_temp.count_to(6000 + v.minute, v.reading)
    FROM (VALUES (1, 100), (2, 200), (3, 300), (4, 450), (6, 1450), (7, 50), (8, 80)) AS v (minute, reading) $$, 'a counter that grows and begins anew');
SELECT rows_are($$ SELECT last_value, point_count, restart_count FROM health.series WHERE metric_name = 'sent_total' $$, $$ VALUES (30::float8, 3::bigint, 1::bigint) $$,
    'points are 150, 500 a minute over two, and 30: not the first reading, nor the fall');
SELECT is((SELECT count(*) FROM health.anomalies WHERE metric_name = 'sent_total'), 1::bigint, 'a restart is no anomaly; the surge was');

-- A series that cannot be judged holds up none but itself.
SELECT lives_ok($$ SELECT live(7000, 7000, 19, p_agent_id => 'a2'), live(7000, 7000, 19, p_agent_id => 'a3') $$, 'two more agents');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent)
SELECT a, at(7001 * 60 + 30), v FROM (VALUES ('a1', 30), ('a2', 13), ('a3', 31)) AS v (a, v);
SELECT is((health.tick(at(7001 * 60 + 66), true)).is_busy, false, 'one of them has a value the detector fails on');
SELECT rows_are($$ SELECT agent_id, last_value, standing, error FROM health.series WHERE metric_name = 'cpu_usage_percent' ORDER BY 1 $$,
    $$ VALUES ('a1', 30::float8, 'watched', NULL), ('a2', 20, 'failing', 'thirteen (P0001)'), ('a3', 31, 'watched', NULL) $$, 'it says so, the others go on');
SELECT is((SELECT value_count FROM health.baselines WHERE agent_id = 'a2'), 1::bigint, 'what failed left nothing behind');
SELECT lives_ok($$ SELECT live(7002, 7002, 19, p_agent_id => 'a2') $$, 'a better value');
SELECT is((SELECT standing FROM health.series WHERE agent_id = 'a2'), 'watched', 'and all is well');

-- What waits for a series that was taken out meanwhile is thrown away.
INSERT INTO health_internal.series_minutes VALUES (at(7003 * 60), 999999, 1, 1);
SELECT rows_are($$ SELECT s.last_series_id, s.step_count, s.has_strange FROM health_internal.step_minute(at(0), at(7003 * 60), 0, 10) AS s $$,
    $$ VALUES (999999::bigint, 1, false) $$, 'a series that is gone');
SELECT is_empty($$ SELECT FROM health_internal.series_minutes WHERE series_id = 999999 $$, 'leaves nothing');
SELECT rows_are($$ SELECT s.step_count FROM health_internal.step_minute(at(0), at(8000 * 60), 0, 10) AS s $$, $$ VALUES (0) $$, 'nothing waits, nothing is done');

SELECT * FROM finish();
ROLLBACK;
