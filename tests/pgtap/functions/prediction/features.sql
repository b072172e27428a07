-- Features: one statement gives them for any set of steps, for training many and for predicting one, so that
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.event_cells_sql,
        health_internal.feature_column,
        health_internal.features_sql,
        health_internal.label_number,
        health_internal.numbered_features,
        health_internal.plain_real,
        health_internal.series_cells_sql
    }',
    $$
    VALUES
    ('health_internal.event_cells_sql(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.feature_column(text,text,text,text,bigint)', 'f', 'sql', 'i', false, ''),
    ('health_internal.features_sql(bigint,boolean)', 'f', 'sql', 's', false, ''),
    ('health_internal.label_number(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.numbered_features(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.plain_real(double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.series_cells_sql(bigint)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.plain_real(x) FROM unnest('{1e-100,-1e300,0.5,NULL}'::float8[]) AS x $$, $$ VALUES (0::real), (-1e30::real), (0.5::real), (NULL) $$,
    'numbers that real does not hold become those nearest');
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
PREPARE wanted AS SELECT 1;
CREATE FUNCTION pg_temp.features(p_single boolean, p_first integer, p_last integer)
RETURNS TABLE (agent_id text, k integer, f1 real, f2 real, f3 real, f4 real, f5 real, f6 real, f7 real, f8 real, f9 real, f10 real) LANGUAGE plpgsql
AS $f$ BEGIN RETURN QUERY EXECUTE health_internal.features_sql(1, p_single) USING at(0), interval '24 hours', p_first, p_last; END $f$;
SELECT rows_are(
    $$ SELECT f1, f2, f3, f4, f5, round(f6::numeric, 4), f7, f8, f9, f10 FROM pg_temp.features(true, 0, 0) $$,
    $$ VALUES (50::real, (80 / 3.0)::real, 30::real, 0::real, 1::real, round(-ln(1.5), 4), 18::real, 1::real, 5::real, 0::real) $$,
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

SELECT * FROM finish();
ROLLBACK;
