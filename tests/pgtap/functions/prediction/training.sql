-- Training: from the record to a model that is tested on agents and a time it has not seen, compared with
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.train_failure_model
    }',
    $$
    VALUES
    ('health.train_failure_model(interval,timestamp with time zone,interval,integer,integer,jsonb)', 'f', 'plpgsql', 'v', true, 'health_admin')
    $$
);

SELECT throws_ok($$ SELECT health.train_failure_model('0 seconds') $$, 'MD001', NULL, 'a horizon of nothing');
SELECT throws_ok($$ SELECT health.train_failure_model(NULL) $$, 'MD001', NULL, 'no horizon');
SELECT throws_ok($$ SELECT health.train_failure_model('1 day', 'infinity') $$, 'MD001', NULL, 'no end of time');
SELECT throws_ok($$ SELECT health.train_failure_model('1 day', at(0), '0 seconds') $$, 'MD001', NULL, 'no step');
SELECT throws_ok($$ SELECT health.train_failure_model('1 day', at(0), NULL, 10) $$, 'MD001', NULL, 'too few rows');
SELECT throws_ok($$ SELECT health.train_failure_model('400 days', at(0)) $$, 'MD001', NULL, 'a horizon of more than a year');
SELECT throws_ok($$ SELECT health.train_failure_model('1 day', at(0), NULL, 1000, 10, '{"trees": "many"}') $$, 'MD001', 'a failure model has no such parameters', 'a parameter that is no number');
SELECT throws_ok($$ INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'load', 'NaN', at(0)) $$, '23514', NULL, 'no number is no value');
SELECT throws_ok($$ SELECT health.train_failure_model('1 day', at(-1e9)) $$, 'MD002', 'there is no history to train from', 'no history at all');
SELECT health.load_history(at(-86400 * 9), at(0));
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'a' || a, 'load', a, at(-3600.0 * h) FROM generate_series(1, 20) AS a, generate_series(0, 200) AS h;
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'training needs rows with and without a failure ahead', 'history without a failure');
INSERT INTO health.system_events (agent_id, event_type, received_at) VALUES ('a1', 'failure', at(-86400));
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'there are too few failures to train and to test with', 'a single failure');
SELECT throws_ok($$ SELECT health.train_failure_model('365 days', at(0)) $$, 'MD002', 'there is no history to train from', 'a horizon of a year, of days');
SELECT throws_ok($$ SELECT health.train_failure_model('9 days', at(0)) $$, 'MD002', 'there is no history to train from', 'no horizon that ends within the record');
INSERT INTO health.system_events (agent_id, event_type, received_at) SELECT 'a' || a, 'failure', at(-3600.0 * h + 1) FROM generate_series(1, 20) AS a, generate_series(0, 200) AS h;
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'training needs rows with and without a failure ahead', 'failures everywhere');
DELETE FROM health.performance_metrics WHERE agent_id <> 'a1';
DELETE FROM health.system_events WHERE agent_id <> 'a1' OR hashint4extended(extract(epoch FROM received_at)::integer / 3600, 1) & 7 > 0;
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'there are too few failures to train and to test with', 'a single agent: nobody is left to test');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'a' || a, 'load', 7, at(-3600.0 * h) FROM generate_series(2, 60) AS a, generate_series(0, 200) AS h;
INSERT INTO health.system_events (agent_id, event_type, received_at)
SELECT 'a' || a, 'failure', at(-3600.0 * h + 1) FROM generate_series(2, 60) AS a, generate_series(0, 190) AS h WHERE hashint4extended(a * 1000 + h, 1) & 31 = 0;
UPDATE health.performance_metrics SET metric_value = 7;
SELECT lives_ok($$ SELECT health.train_failure_model('6 hours', at(0), NULL, 3000, 10, '{"trees": 3}') $$, 'a constant series is no feature');
SELECT rows_are($$ SELECT is_active FROM health.failure_models $$, $$ VALUES (false) $$, 'and what it leaves tells nothing');
DELETE FROM health.failure_models;
DELETE FROM health.performance_metrics WHERE agent_id NOT IN (SELECT 'a' || a FROM generate_series(1, 20) AS a);
DELETE FROM health.system_events WHERE agent_id NOT IN (SELECT 'a' || a FROM generate_series(1, 20) AS a);
DELETE FROM health.system_events WHERE received_at < at(-3600 * 6);
DELETE FROM health.performance_metrics WHERE received_at < at(-3600 * 8);
SELECT throws_ok($$ SELECT health.train_failure_model('4 hours', at(0)) $$, 'MD003', NULL, 'too few rows');
SELECT rows_are($$ SELECT count(*) FROM pg_class WHERE relname LIKE 'failure\_%' AND relpersistence = 't' $$, $$ VALUES (0::bigint) $$, 'a failed training leaves no table');
SELECT rows_are($$ SELECT count(*) FROM health_internal.failure_features $$, $$ VALUES (0::bigint) $$, 'and no row');

SELECT * FROM finish();
ROLLBACK;
