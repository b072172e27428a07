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
SELECT throws_ok($$ SELECT health.train_failure_model('1 day', at(-1e9)) $$, 'MD002', 'there is no history to train from', 'no history at all');
SELECT health.load_history(at(-86400 * 9), at(0));
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'a' || a, 'load', a, at(-3600.0 * h) FROM generate_series(1, 20) AS a, generate_series(0, 200) AS h;
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'training needs rows with and without a failure ahead', 'history without a failure');
INSERT INTO health.system_events (agent_id, event_type, received_at) VALUES ('a1', 'failure', at(-86400));
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'there are too few failures to train and to test with', 'a single failure');
SELECT throws_ok($$ SELECT health.train_failure_model('9 days', at(0)) $$, 'MD002', 'there is no history to train from', 'no horizon that ends within the record');
INSERT INTO health.system_events (agent_id, event_type, received_at) SELECT 'a' || a, 'failure', at(-3600.0 * h + 1) FROM generate_series(1, 20) AS a, generate_series(0, 200) AS h;
SELECT throws_ok($$ SELECT health.train_failure_model('6 hours', at(0)) $$, 'MD003', 'training needs rows with and without a failure ahead', 'failures everywhere');
DELETE FROM health.system_events WHERE received_at < at(-3600 * 6);
DELETE FROM health.performance_metrics WHERE received_at < at(-3600 * 8);
SELECT throws_ok($$ SELECT health.train_failure_model('4 hours', at(0)) $$, 'MD003', NULL, 'too few rows');
SELECT rows_are($$ SELECT count(*) FROM pg_class WHERE relname LIKE 'failure\_%' AND relpersistence = 't' $$, $$ VALUES (0::bigint) $$, 'a failed training leaves no table');
SELECT rows_are($$ SELECT count(*) FROM health_internal.failure_features $$, $$ VALUES (0::bigint) $$, 'and no row');

SELECT * FROM finish();
ROLLBACK;
