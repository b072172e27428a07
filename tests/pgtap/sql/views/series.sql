-- Which series are watched, how far, and what is usual for them now; and what is not watched, and why.
BEGIN;

SELECT no_plan();

SELECT columns_are(
    'health', 'series',
    '{agent_id,metric_name,standing,source,is_counter,enrolled_by,enrolled_at,last_minute_at,last_value,last_score,expected_low,expected_high,point_count,lag_seconds,late_value_count,restart_count,usual_value,usual_low,usual_high,usual_basis,error}'::name [],
    'series has its columns'
);
SELECT columns_are('health', 'usual_values', '{agent_id,metric_name,basis,usual_value,usual_low,usual_high,value_count}'::name [], 'usual_values has its columns');
SELECT columns_are('health', 'series_refusals', '{agent_id,reason,name_count,value_count,example,first_at,last_at,explanation}'::name [], 'series_refusals has its columns');

UPDATE health_internal.series_cursor SET stepped_until = at(7200), finished_until = at(7260);
INSERT INTO health_internal.series (agent_id, metric_name, source, is_watched, enrolled_by, enrolled_at)
SELECT 'a1', name, 'metric', name <> 'out', 'policy', at(0) FROM unnest('{watched,learning,silent,failing,out,new}'::text[]) AS name;
INSERT INTO health_internal.series_states (series_id, last_minute_at, last_value, expected_low, expected_high, point_count, error)
SELECT series_id, CASE metric_name WHEN 'silent' THEN at(3540) ELSE at(7140) END, 5, CASE WHEN metric_name <> 'learning' THEN 1 END, 9, 100, CASE metric_name WHEN 'failing' THEN 'boom' END
FROM health_internal.series WHERE metric_name <> 'new';
INSERT INTO health_internal.series_minutes (minute_at, series_id, value_sum, value_count)
SELECT at(7080), series_id, 1, 1 FROM health_internal.series WHERE metric_name = 'watched'
UNION ALL SELECT at(7140), series_id, 1, 1 FROM health_internal.series WHERE metric_name = 'watched'
UNION ALL SELECT at(7260), series_id, 1, 1 FROM health_internal.series WHERE metric_name = 'learning';
INSERT INTO health_internal.metric_series (agent_id, metric_name, last_value, last_received_at, value_count, decayed_at, weight, value_sum, square_sum)
VALUES ('a1', 'watched', 1, at(0), 1, at(0), 1, 1, 1), ('a1', 'requests_total', 7, at(0), 1, at(0), 1, 7, 49);
SELECT rows_are($$ SELECT metric_name, standing, last_value, lag_seconds, error FROM health.series WHERE agent_id = 'a1' ORDER BY 1 $$,
    $$ VALUES ('failing', 'failing', 5::float8, 0::float8, 'boom'), ('learning', 'learning', 5, 0, NULL), ('new', 'learning', NULL, 0, NULL), ('out', 'taken out', 5, 0, NULL),
        ('requests_total', 'not watched', 7, NULL, NULL), ('silent', 'silent', 5, 0, NULL), ('watched', 'watched', 5, 180, NULL) $$,
    'each series stands somewhere; the lag is that of the oldest minute that is over');
SELECT is((SELECT is_counter FROM health.series WHERE metric_name = 'requests_total'), true, 'counters are known by their name');

-- What is usual now: this hour of the week once it is known, else all of them by their weight.
INSERT INTO health.baselines (agent_id, metric_name, hour_of_week, value_count, center, spread, updated_at)
SELECT 'a1', 'watched', health_internal.hour_of_week(now()), 30, 100, 10, at(0)
UNION ALL SELECT 'a1', 'watched', (health_internal.hour_of_week(now()) + 1) % 168, 30, 200, 10, at(0)
UNION ALL SELECT 'a1', 'learning', health_internal.hour_of_week(now()), 9, 100, 3, at(0)
UNION ALL SELECT 'a1', 'learning', (health_internal.hour_of_week(now()) + 1) % 168, 27, 104, 3, at(0);
SELECT rows_are($$ SELECT metric_name, basis, usual_value, round(usual_low::numeric, 2), round(usual_high::numeric, 2), value_count FROM health.usual_values ORDER BY 1 $$,
    $$ SELECT 'learning', 'all hours', 103::float8, round(103 - 3 * sqrt(12.0), 2), round(103 + 3 * sqrt(12.0), 2), 36::bigint
        UNION ALL SELECT 'watched', 'hour of the week', 100, 70.00, 130.00, 30 $$,
    'the spread of all hours is that within them and between them');
SELECT rows_are($$ SELECT usual_value, usual_basis FROM health.series WHERE agent_id = 'a1' AND metric_name = 'watched' $$, $$ VALUES (100::float8, 'hour of the week') $$, 'series says so too');

INSERT INTO health_internal.series_refusals (agent_id, reason, value_count, name_count, metric_name, first_at, last_at)
VALUES ('a1', 'agent_limit', 5, 2, 'x', at(0), at(1)), ('a2', 'name_limit', 9, 3, 'y', at(0), at(1)), ('a3', 'fleet_limit', 1, 1, 'z', at(0), at(1));
SELECT health.register_agent('a1');
SELECT health.tick(at(8000), true);
SELECT rows_are($$ SELECT agent_id, reason, example, explanation ~ CASE reason WHEN 'agent_limit' THEN 'policy watches \d+ metrics' WHEN 'name_limit' THEN 'keeps \d+ metrics of an agent' ELSE 'fleet has \d+ series watched, of \d+' END
        FROM health.series_refusals WHERE agent_id IN ('a1', 'a2', 'a3') ORDER BY 1 $$,
    $$ VALUES ('a1', 'agent_limit', 'x', true), ('a2', 'name_limit', 'y', true), ('a3', 'fleet_limit', 'z', true) $$, 'each limit says which it is, and what can be done');
SELECT is_empty($$ SELECT FROM health.series_refusals WHERE agent_id IS NULL $$, 'while there is room nothing is said of the fleet');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('bare', at(8010));
SELECT health.tick(at(8011), true);
UPDATE health.settings SET series_limit = (SELECT count(*) FROM health_internal.series WHERE is_watched);
SELECT rows_are($$ SELECT reason, name_count >= 1, explanation LIKE '%agents have none' FROM health.series_refusals WHERE agent_id IS NULL $$, $$ VALUES ('fleet_limit', true, true) $$, 'then how many agents have none');
SET LOCAL ROLE health_analyst;
SELECT lives_ok($$ SELECT FROM health.series, health.usual_values, health.series_refusals $$, 'analysts read them');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT FROM health.series $$, '42501', NULL, 'agents do not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
