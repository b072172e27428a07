-- Which series are watched, and what limits refuse.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.enrol_arrived, health_internal.heartbeat_gauges}',
    $$
    VALUES
    ('health_internal.enrol_arrived(timestamp with time zone,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.heartbeat_gauges()', 'f', 'sql', 'i', false, '')
    $$
);

CREATE FUNCTION pg_temp.log(p_minute integer, p_agent_id text, p_names text [])
RETURNS void
LANGUAGE sql AS $$
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
    SELECT p_agent_id, n, 1, at(p_minute * 60 + 10) FROM unnest(p_names) AS n;
$$;

SELECT lives_ok($$ SELECT live(0, 0, 10) $$, 'a minute of an agent that tells its CPU');
SELECT rows_are($$ SELECT agent_id, metric_name, source, is_watched, is_counter, enrolled_by, enrolled_at FROM health_internal.series $$,
    $$ VALUES ('a1', 'cpu_usage_percent', 'heartbeat', true, false, 'policy', at(66)) $$, 'is watched; what it does not tell is not, nor the engine');
SELECT is((SELECT point_count FROM health_internal.series_states WHERE state IS NOT NULL), 1::bigint, 'from its first minute on');
SELECT lives_ok($$ SELECT live(1, 1, 10, 300) $$, 'it tells its memory, too');
SELECT is((SELECT count(*) FROM health_internal.series), 2::bigint, 'and that is watched');
SELECT lives_ok($$ SELECT pg_temp.log(2, 'a1', '{once}') $$, 'a metric comes once');
SELECT lives_ok($$ SELECT pg_temp.log(m, 'a1', '{depth,sent_total}'), live(m, m, 10) FROM generate_series(2, 3) AS m $$, 'others twice');
SELECT is((SELECT count(*) FROM health_internal.series WHERE source = 'metric'), 0::bigint, 'which is not enough');
SELECT rows_are($$ SELECT metric_name, standing FROM health.series WHERE source = 'metric' AND agent_id = 'a1' ORDER BY 1 $$,
    $$ VALUES ('depth', 'not watched'), ('once', 'not watched'), ('sent_total', 'not watched') $$, 'and one can see it');
SELECT lives_ok($$ SELECT pg_temp.log(4, 'a1', '{depth,sent_total}'), live(4, 4, 10) $$, 'and once more');
SELECT rows_are($$ SELECT metric_name, is_counter FROM health_internal.series WHERE source = 'metric' ORDER BY 1 $$,
    $$ VALUES ('depth', false), ('sent_total', true) $$, 'which is; what came once is no series');

-- The limit of an agent.
SELECT isnt(health.set_policy('standard', '{"anomaly_metrics_limit": 3}'), NULL, 'at most three metrics of an agent');
SELECT lives_ok($$ SELECT pg_temp.log(m, 'a1', '{n1,n2,n3,depth}'), live(m, m, 10) FROM generate_series(5, 7) AS m $$, 'three more names, three times');
SELECT rows_are($$ SELECT metric_name FROM health_internal.series WHERE source = 'metric' ORDER BY 1 $$, $$ VALUES ('depth'), ('n1'), ('sent_total') $$, 'one has room');
SELECT rows_are($$ SELECT agent_id, reason, name_count, value_count, example, explanation FROM health.series_refusals $$,
    $$ VALUES ('a1', 'agent_limit', 2::bigint, 2::numeric, 'n3', 'its policy watches 3 metrics of an agent (anomaly_metrics_limit); watch_series adds one') $$,
    'of the others a row says how many and why');

-- A thousand names a minute.
UPDATE health.settings SET series_per_agent = 50;
SELECT lives_ok($$ SELECT pg_temp.log(m, 'a1', ARRAY(SELECT format('user_%s_%s', m, n) FROM generate_series(1, 1000) AS n)), live(m, m, 10) FROM generate_series(8, 10) AS m $$, 'a thousand new names a minute break nothing');
SELECT is((SELECT count(*) FROM health_internal.series WHERE agent_id = 'a1'), 5::bigint, 'nothing more is watched');
SELECT is((SELECT count(*) FROM health_internal.metric_series WHERE agent_id = 'a1'), 50::bigint, 'or kept');
SELECT rows_are($$ SELECT agent_id, name_count, value_count FROM health_internal.series_refusals WHERE reason = 'name_limit' $$,
    $$ VALUES ('a1', 1000::bigint, 2956::bigint) $$, 'and a row says so: 44 had room');
SELECT matches((SELECT explanation FROM health.series_refusals WHERE reason = 'name_limit'), 'keeps 50 metrics .* does the agent put values into names', 'with what to do');

-- The limit of the fleet.
UPDATE health.settings SET series_limit = 7;
INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) VALUES ('b1', 'b1', 0), ('b2', 'b2', 100), ('b3', 'b3', 0);
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent)
SELECT a, at(11 * 60 + 10), 1 FROM unnest('{b1,b2,b3}'::text []) AS a;
SELECT lives_ok($$ SELECT live(11, 11, 10) $$, 'three more agents where two have room');
SELECT rows_are($$ SELECT agent_id FROM health_internal.series WHERE agent_id > 'b' ORDER BY 1 $$, $$ VALUES ('b1'), ('b2') $$, 'the dearest is among them');
INSERT INTO health.agent_heartbeats (agent_id, received_at, cpu_usage_percent) VALUES ('b4', at(12 * 60 + 10), 1);
SELECT lives_ok($$ SELECT live(12, 12, 10) $$, 'and one more');
SELECT rows_are($$ SELECT name_count, explanation FROM health.series_refusals WHERE reason = 'fleet_limit' $$,
    $$ VALUES (2::bigint, 'the fleet has 7 series watched, of 7 allowed (settings.series_limit): 2 agents have none') $$, 'a row says whom it leaves out');
UPDATE health.settings SET series_limit = 0;
SELECT lives_ok($$ SELECT live(13, 13, 10) $$, 'less room than is taken');
SELECT is((SELECT count(*) FROM health_internal.series), 7::bigint, 'takes nothing away');
SELECT throws_ok($$ SELECT health.set_policy('standard', '{"anomaly_columns": ["error_count"]}') $$, '23514', NULL, 'a counter of heartbeats is no gauge');

SELECT * FROM finish();
ROLLBACK;
