-- What people say about which series are watched.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health.unwatch_series, health.watch_series, health_internal.set_watched}',
    $$
    VALUES
    ('health.unwatch_series(text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health.watch_series(text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.set_watched(text,text,boolean,timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT isnt(health.set_policy('standard', '{"anomaly_metrics_limit": 0}'), NULL, 'no metrics by policy');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) SELECT 'a1', 'depth', n, at(n) FROM generate_series(1, 5) AS n;
SELECT lives_ok($$ SELECT live(0, 0, 20) $$, 'a metric comes');
SELECT rows_are($$ SELECT metric_name, standing FROM health.series WHERE agent_id = 'a1' ORDER BY 1 $$, $$ VALUES ('cpu_usage_percent', 'learning'), ('depth', 'not watched') $$, 'and is not watched');
SELECT is_empty($$ SELECT FROM health.series_refusals $$, 'no limit refused it: policy does not ask for it');
SELECT lives_ok($$ SELECT health.watch_series('a1', 'depth', at(70)) $$, 'somebody asks for it');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'depth', 8, at(90));
SELECT lives_ok($$ SELECT live(1, 1, 20) $$, 'a minute');
SELECT rows_are($$ SELECT standing, enrolled_by = session_user, enrolled_at, last_value, point_count FROM health.series WHERE metric_name = 'depth' $$, $$ VALUES ('learning', true, at(70), 8::float8, 1::bigint) $$, 'is watched');
SELECT lives_ok($$ SELECT health.unwatch_series('a1', 'cpu_usage_percent', at(130)) $$, 'the CPU is taken out');
SELECT lives_ok($$ SELECT live(2, 4, 20) $$, 'policy does not bring it back');
SELECT rows_are($$ SELECT standing, enrolled_by = session_user, point_count FROM health.series WHERE metric_name = 'cpu_usage_percent' $$, $$ VALUES ('taken out', true, NULL::bigint) $$, 'and one can see who did');
SELECT lives_ok($$ SELECT health.watch_series('a1', 'cpu_usage_percent', at(310)), health.watch_series('a1', 'cpu_usage_percent', at(310)) $$, 'watched again, twice is no harm');
SELECT lives_ok($$ SELECT live(5, 5, 20) $$, 'a minute');
SELECT is((SELECT point_count FROM health.series WHERE metric_name = 'cpu_usage_percent'), 1::bigint, 'it begins anew');
SELECT throws_ok($$ SELECT health.watch_series('nobody', 'depth') $$, 'AG001', 'agent "nobody" is not known', 'a stranger');
SELECT throws_ok($$ SELECT health.unwatch_series('nobody', 'depth') $$, 'AG001', NULL, 'likewise');
SELECT throws_ok($$ SELECT health.watch_series('a1', 'nothing') $$, 'SE002', 'agent "a1" has no series "nothing"', 'a metric it never sent');
SELECT throws_ok($$ SELECT health.watch_series('a1', 'error_count') $$, 'SE002', NULL, 'a counter of heartbeats');
SELECT lives_ok($$ SELECT health.watch_series('a1', 'user_satisfaction') $$, 'a column it has not told yet may be watched');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT health.watch_series('a1', 'depth') $$, '42501', NULL, 'analysts do not choose');
SELECT cmp_ok((SELECT count(*) FROM health.series), '>=', 3::bigint, 'they see');
SELECT lives_ok($$ SELECT * FROM health.series_refusals; $$, 'what is refused, too');
SELECT lives_ok($$ SELECT * FROM health.usual_values; $$, 'and what is usual');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
