-- establish_baselines: medians and deviations from what is stored, in one statement.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.establish_baselines, health_internal.stored_minutes}',
    $$
    VALUES
    ('health.establish_baselines(text,text,timestamp with time zone,timestamp with time zone,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin'),
    ('health_internal.stored_minutes(text,text,timestamp with time zone,timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

-- Two weeks of history: a beat every ten minutes, the hour of the day in its CPU, one of them wild.
SELECT cmp_ok(health.load_history('2015-01-05', '2015-01-19'), '>', 0, 'there is room for history');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent)
SELECT 'old', t, CASE WHEN n = 777 THEN 99 ELSE date_part('hour', t AT TIME ZONE 'UTC') + n % 3 END
FROM generate_series(timestamptz '2015-01-05 00:00+00', '2015-01-18 23:50+00', '10 minutes') WITH ORDINALITY AS g (t, n);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'old', 'requests_total', CASE WHEN n <= 100 THEN n * 30 ELSE (n - 100) * 30 END, t
FROM generate_series(timestamptz '2015-01-05 00:00+00', '2015-01-05 03:19+00', '1 minute') WITH ORDINALITY AS g (t, n);
SELECT is((health.tick(at(0), true)).is_busy, false, 'a tick over it');
SELECT is_empty($$ SELECT FROM health.agent_status WHERE agent_id = 'old' $$, 'nobody comes to life');
SELECT is_empty($$ SELECT FROM health_internal.series WHERE agent_id = 'old' $$, 'and no series is watched');
SELECT rows_are($$ SELECT * FROM health.establish_baselines('old', 'cpu_usage_percent', p_now => at(60)) $$,
    $$ VALUES ('old', 'cpu_usage_percent', 168::bigint, 2016::bigint, timestamptz '2015-01-05 00:00+00', timestamptz '2015-01-18 23:50+00', 13::float8) $$,
    'it says what it learnt');
SELECT rows_are($$ SELECT hour_of_week, value_count, center, round(spread::numeric, 4), updated_at, established_at FROM health.baselines WHERE hour_of_week IN (0, 130) ORDER BY 1 $$,
    $$ VALUES (0::smallint, 12::bigint, 1::float8, 1.4826, timestamptz '2015-01-12 00:50+00', at(60)), (130, 12, 11, 1.4826, '2015-01-17 10:50+00', at(60)) $$,
    'the median and 1.4826 times the median deviation of each hour, the wild value notwithstanding');
SELECT rows_are($$ SELECT metric_name, value_count, median FROM health.establish_baselines('old', p_now => at(60)) ORDER BY 1 $$,
    $$ VALUES ('cpu_usage_percent', 2016::bigint, 13::float8), ('requests_total', 198::bigint, 30) $$,
    'all metrics of an agent; of a counter the growth per minute, without the minute in which it began anew');
SELECT rows_are($$ SELECT value_count, first_at FROM health.establish_baselines('old', 'cpu_usage_percent', '2015-01-12', '2015-01-13', at(60)) $$,
    $$ VALUES (144::bigint, timestamptz '2015-01-12 00:00+00') $$, 'of a stretch of time');
SELECT is((SELECT count(*) FROM health.baselines WHERE metric_name = 'cpu_usage_percent'), 168::bigint, 'hours that are not in it stay');
SELECT throws_ok($$ SELECT health.establish_baselines('nobody') $$, 'SE001', 'nothing is stored to learn a baseline from: agent "nobody"', 'a stranger');
SELECT throws_ok($$ SELECT health.establish_baselines('old', 'nothing') $$, 'SE001', 'nothing is stored to learn a baseline from: agent "old", metric "nothing"', 'a metric it never sent');
SELECT throws_ok($$ SELECT health.establish_baselines() $$, 'SE001', 'nothing is stored to learn a baseline from: all watched series', 'no series is watched');
SELECT throws_ok($$ SELECT health.establish_baselines('old', NULL, '2016-01-01', '2015-01-01') $$, 'EN002', NULL, 'times that make no range');

-- What waits to be judged is not learnt twice.
SELECT lives_ok($$ SELECT live(0, 9, 10) $$, 'ten live minutes');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('a1', at(630), 10);
SELECT rows_are($$ SELECT agent_id, metric_name, value_count, last_at FROM health.establish_baselines(p_now => at(660)) $$,
    $$ VALUES ('a1', 'cpu_usage_percent', 10::bigint, at(540)) $$, 'without a name all that is watched, up to where the watch has come');
SELECT is((health.tick(at(666), true)).is_busy, false, 'the minute comes');
SELECT is((SELECT value_count FROM health.baselines WHERE agent_id = 'a1'), 11::bigint, 'and is learnt then');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.establish_baselines('old') $$, '42501', NULL, 'analysts do not write baselines');
SELECT is((SELECT count(*) FROM health.baselines WHERE agent_id = 'old') > 0, true, 'and read them');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
