-- Features of one moment, for predicting: each source is read once, and what a series of an agent told in the windows
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.features_now_sql
    }',
    $$
    VALUES
    ('health_internal.features_now_sql(bigint)', 'f', 'sql', 's', false, '')
    $$
);

SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, family, name, measure, value)
VALUES
(1, 1, 'metric', '', 'it''s "1"; DROP', 'level', NULL),
(1, 2, 'metric', '', 'it''s "1"; DROP', 'mean_3', NULL),
(1, 3, 'metric', '', 'it''s "1"; DROP', 'change_1', NULL),
(1, 4, 'event', 'error', E'\\E''%', 'count_1', NULL),
(1, 5, 'event', 'error', E'\\E''%', 'count_3', NULL),
(1, 6, 'event', 'error', '', 'since', NULL),
(1, 7, 'label', '', 'a''ge', 'number', NULL),
(1, 8, 'label', '', '%I', 'is', '''x'),
(1, 9, 'heartbeat', '', 'error_count', 'level', NULL),
(1, 10, 'event', 'failure', '', 'total', NULL);
SELECT health.register_agent('a1');
UPDATE health.agents SET labels = '{"a''ge": 18, "%I": "''x"}' WHERE agent_id = 'a1';
SELECT health.load_history(at(-86400 * 9), at(86400 * 2));
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
VALUES ('a1', 'it''s "1"; DROP', 10, at(-172800)), ('a1', 'it''s "1"; DROP', 20, at(-86400)), ('a1', 'it''s "1"; DROP', 40, at(-1)), ('a1', 'it''s "1"; DROP', 60, at(0));
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
VALUES ('a1', 'error', jsonb_build_object('code', E'\\E''%'), at(-86400)), ('a1', 'error', '{"code": "other"}', at(-43200));
INSERT INTO health.agent_heartbeats (agent_id, error_count, received_at) VALUES ('a1', 3, at(-20)), ('a1', 8, at(-10));
CREATE FUNCTION pg_temp.features(p_single boolean, p_first integer, p_last integer)
RETURNS TABLE (agent_id text, k integer, f1 real, f2 real, f3 real, f4 real, f5 real, f6 real, f7 real, f8 real, f9 real, f10 real) LANGUAGE plpgsql
AS $f$ BEGIN RETURN QUERY EXECUTE CASE WHEN p_single THEN health_internal.features_now_sql(1) ELSE health_internal.features_of_steps_sql(1) END
    USING at(0), interval '24 hours', p_first, p_last, timestamptz 'infinity', timestamptz 'infinity', NULL::tstzmultirange; END $f$;
SELECT rows_are(
    $$ SELECT f1, f2, f3, f4, f5, round(f6::numeric, 4), f7, f8, f9, f10 FROM pg_temp.features(true, 0, 0) $$,
    $$ VALUES (50::real, 32.5::real, 30::real, 0::real, 1::real, round(-ln(1.5), 4), 18::real, 1::real, 5::real, 0::real) $$,
    'level, means, changes, counts, recency, labels and counters of hostile names'
);
SELECT rows_are($$ SELECT * FROM pg_temp.features(false, -1, 0) WHERE k = 0 $$, $$ SELECT * FROM pg_temp.features(true, 0, 0) $$,
    'the statement that trains and the one that predicts give the same');
CREATE TEMP TABLE before AS SELECT * FROM pg_temp.features(true, 0, 0);
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'it''s "1"; DROP', 1e9, at(0.001));
INSERT INTO health.system_events (agent_id, event_type, event_data, received_at)
SELECT 'a1', type, '{}', at(0.001) FROM unnest('{error,failure,maintenance}'::text[]) AS type;
INSERT INTO health.agent_heartbeats (agent_id, error_count, state, received_at) VALUES ('a1', 99, 'initializing', at(1));
SELECT rows_are($$ SELECT * FROM pg_temp.features(true, 0, 0) $$, $$ SELECT * FROM before $$, 'what is received a millisecond later changes nothing');
INSERT INTO health.system_events (agent_id, event_type, received_at) VALUES ('a1', 'failure', at(0));
SELECT rows_are($$ SELECT f10 FROM pg_temp.features(true, 0, 0) $$, $$ VALUES (1::real) $$, 'what is received at the very moment is known');

-- A fleet of series and events of every kind, drawn by hashes, with gaps; b1 is constant.
INSERT INTO health_internal.failure_features (model_id, feature, source, name, measure)
SELECT 1, 10 + row_number() OVER (ORDER BY source, name, measure), source, name, measure
FROM (VALUES ('metric', 'm1'), ('metric', 'm2'), ('heartbeat', 'cpu_usage_percent'), ('heartbeat', 'work_items_processed')) AS series (source, name),
    unnest('{level,spread,mean_3,mean_7,change_1,change_7,deviation,fleet}'::text[]) AS measure;
INSERT INTO health_internal.failure_features (model_id, feature, source, family, measure)
SELECT 1, 50 + row_number() OVER (ORDER BY family, measure), 'event', family, measure
FROM unnest('{error,maintenance,failure,restart,event}'::text[]) AS family, unnest('{since,count_1,count_3,count_7,total}'::text[]) AS measure;
CREATE TEMP VIEW draws AS SELECT 'b' || a AS agent_id, at(-h * 3600.0 - a * 7) AS received_at, (hashint4extended(a * 1000 + h, 3) & 1023) AS x
    FROM generate_series(1, 12) AS a, generate_series(0, 210, 5) AS h WHERE hashint4extended(a * 1000 + h, 4) & 3 > 0;
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT agent_id, m, CASE WHEN agent_id = 'b1' THEN 0.1 ELSE x END, received_at FROM draws, unnest('{m1,m2}'::text[]) AS m WHERE m = 'm1' OR x & 1 = 0;
INSERT INTO health.agent_heartbeats (agent_id, cpu_usage_percent, work_items_processed, state, received_at)
SELECT agent_id, x / 11, 1000 - extract(epoch FROM at(0) - received_at)::integer / 900, CASE WHEN x % 17 = 0 THEN 'initializing' ELSE 'running' END, received_at FROM draws WHERE x % 3 > 0;
INSERT INTO health.system_events (agent_id, event_type, received_at)
SELECT agent_id, (ARRAY['error', 'maintenance', 'failure', 'note'])[1 + x % 4], received_at FROM draws WHERE x % 5 = 0;
CREATE FUNCTION pg_temp.vectors(p_single boolean, p_from timestamptz, p_until timestamptz) RETURNS TABLE (agent_id text, k integer, n integer, x numeric) LANGUAGE plpgsql
AS $f$ BEGIN RETURN QUERY EXECUTE format('SELECT f.agent_id, f.k, n, round((to_jsonb(f) ->> (''f'' || n))::numeric, 3) FROM (%s) AS f, generate_series(11, 75) AS n ORDER BY 1, 3',
    CASE WHEN p_single THEN health_internal.features_now_sql(1) ELSE health_internal.features_of_steps_sql(1) END)
    USING at(0), interval '24 hours', 0, 0, p_from, p_until, NULL::tstzmultirange; END $f$;
CREATE TEMP TABLE by_rows AS SELECT * FROM pg_temp.vectors(true, 'infinity', 'infinity');
SELECT set_eq($$ SELECT * FROM pg_temp.vectors(false, 'infinity', 'infinity') $$, $$ SELECT * FROM by_rows $$,
    'all measures of many agents are the same in both');
SELECT cmp_ok((SELECT count(DISTINCT x) FROM by_rows), '>', 150::bigint, 'which are many');
SELECT is_empty($$ SELECT n FROM by_rows WHERE n NOT BETWEEN 43 AND 50 GROUP BY n HAVING count(x) < 5 AND n NOT IN (21, 26) $$, 'and none is always missing, but spread and deviation of counters');
SELECT rows_are($$ SELECT count(x) FROM by_rows WHERE agent_id = 'b1' AND n IN (29, 37) $$, $$ VALUES (0::bigint) $$, 'a constant series deviates by nothing');

-- The same by hours, in part and then alone.
SELECT health_internal.roll_up_features(at(-h * 3600.0)) FROM generate_series(-1, 230) AS h;
SELECT set_eq($$ SELECT * FROM pg_temp.vectors(true, at(-230 * 3600.0), at(-50 * 3600.0)) $$, $$ SELECT * FROM by_rows $$, 'hours for the older part give the same');
DELETE FROM health.performance_metrics;
DELETE FROM health.system_events;
DELETE FROM health.agent_heartbeats;
SELECT set_eq($$ SELECT * FROM pg_temp.vectors(true, at(-231 * 3600.0), at(0)) $$, $$ SELECT * FROM by_rows $$, 'hours alone too, when the raw rows are gone');
SELECT set_eq($$ SELECT * FROM pg_temp.vectors(false, at(-231 * 3600.0), at(0)) $$, $$ SELECT * FROM by_rows $$, 'for training as for predicting');

SELECT * FROM finish();
ROLLBACK;
