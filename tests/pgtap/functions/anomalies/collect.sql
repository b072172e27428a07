-- What arrived for watched series, minute by minute, each value once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.collect_minutes, health_internal.uncollected_range}',
    $$
    VALUES
    ('health_internal.collect_minutes(health_internal.arrival_range,timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.uncollected_range(health_internal.series_cursor,health_internal.engine,timestamp with time zone)', 'f', 'plpgsql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.waiting()
RETURNS TABLE (metric_name text, minute integer, value_sum float8, value_count numeric)
LANGUAGE sql AS $$
    SELECT s.metric_name, (date_part('epoch', m.minute_at - at(0)) / 60)::integer, sum(m.value_sum), sum(m.value_count)
    FROM health_internal.series_minutes AS m JOIN health_internal.series AS s USING (series_id)
    WHERE s.agent_id = 'a1'
    GROUP BY 1, 2 ORDER BY 1, 2;
$$;

-- Beats of both tables and a metric of the same name are one series; several values a minute are one mean.
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent, memory_usage_mb) VALUES
('a1', at(1), 10, NULL), ('a1', at(30), 20, 500), ('a1', at(59.999), 30, NULL), ('a1', at(60), 70, NULL), ('other', at(5), 1, 1);
INSERT INTO health.ingest_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('a1', at(40), 40);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'cpu_usage_percent', 50, at(45));
SELECT is((health.tick(at(64.9), true)).folded_rows, 9::bigint, 'a tick before the minute has been over for 5 s');
SELECT is_empty($$ SELECT FROM health_internal.series_minutes WHERE minute_at < at(0) $$, 'collects what there is');
SELECT is((health.tick(at(65), true)).is_busy, false, 'one that is 5 s past it');
SELECT rows_are('SELECT * FROM pg_temp.waiting()', $$ VALUES ('cpu_usage_percent', 1, 70::float8, 1::numeric) $$, 'leaves the minute that goes on');
SELECT rows_are($$ SELECT metric_name, last_minute_at, last_value, point_count FROM health.series WHERE agent_id = 'a1' AND enrolled_at IS NOT NULL ORDER BY 1 $$,
    $$ VALUES ('cpu_usage_percent', at(0), 30::float8, 1::bigint), ('memory_usage_mb', at(0), 500, 1) $$, 'and has judged the mean of the one that is over');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('a1', at(61), 90);
SELECT is((health.tick(at(125), true)).is_busy, false, 'a minute later');
SELECT is((SELECT last_value FROM health.series WHERE agent_id = 'a1' AND metric_name = 'cpu_usage_percent'), 80::float8, 'its parts are one mean, too');

-- Late, early, duplicated, out of order, and long ago.
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES
('a1', at(119), 1), ('a1', at(3), 1), ('a1', at(190), 7), ('a1', at(130), 4), ('a1', at(130), 4), ('a1', at(121), 1);
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('a1', at(-3700), 5000 / 100);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'cpu_usage_percent', 50, at(-3700));
SELECT is((health.tick(at(185), true)).is_busy, false, 'another minute');
SELECT rows_are($$ SELECT last_value, late_value_count, point_count FROM health.series WHERE agent_id = 'a1' AND metric_name = 'cpu_usage_percent' $$,
    $$ VALUES (3::float8, 2::bigint, 3::bigint) $$, 'two values are too late and counted, duplicates are values, history is left out');
SELECT rows_are('SELECT * FROM pg_temp.waiting()', $$ VALUES ('cpu_usage_percent', 3, 7::float8, 1::numeric) $$, 'what is early waits for its minute');
SELECT is((health.tick(at(245), true)).is_busy, false, 'which comes');
SELECT is((SELECT last_value FROM health.series WHERE agent_id = 'a1' AND metric_name = 'cpu_usage_percent'), 7::float8, 'and is judged then');

-- Twenty thousand rows are collected before the minute is over.
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent)
SELECT 'a1', at(250), 9 FROM generate_series(1, 20000);
SELECT is((health.tick(at(251), true)).folded_rows, 20000::bigint, 'many rows');
SELECT rows_are('SELECT * FROM pg_temp.waiting()', $$ VALUES ('cpu_usage_percent', 4, 180000::float8, 20000::numeric) $$, 'do not pile up');
SELECT is((health.tick(at(305), true)).is_busy, false, 'and');
SELECT is((SELECT last_value FROM health.series WHERE agent_id = 'a1' AND metric_name = 'cpu_usage_percent'), 9::float8, 'are one mean');

SELECT * FROM finish();
ROLLBACK;
