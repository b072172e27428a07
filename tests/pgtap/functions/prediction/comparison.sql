-- What a training is refused or warned for, and what a model must beat: predictors that need none.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.check_cases,
        health_internal.check_training,
        health_internal.method_quality,
        health_internal.probabilities,
        health_internal.scores_of,
        health_internal.trivial_predictors,
        health_internal.warn_of_left_out
    }',
    $$
    VALUES
    ('health_internal.check_cases(interval)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.check_training(interval,timestamp with time zone,interval,integer,integer,jsonb)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.method_quality(text,double precision[],integer[],boolean)', 'f', 'sql', 'i', false, ''),
    ('health_internal.probabilities(double precision[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.scores_of(text,text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.trivial_predictors(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.warn_of_left_out(timestamp with time zone,timestamp with time zone,interval)', 'f', 'plpgsql', 's', false, '')
    $$
);

SELECT throws_ok(format($$ SELECT health_internal.check_training('1 day', at(0), NULL, 100, 1, %L) $$, given), 'MD001', 'a failure model has no such parameters', given || ' is refused')
FROM unnest('{"{\"bins\": 129}","{\"tree\": 5}","{\"depth\": \"4\"}","{\"seed\": null}",[4],4}'::text[]) AS given;
SELECT lives_ok($$ SELECT health_internal.check_training('366 days', at(0), NULL, 100, 1, '{"bins": 128, "learning_rate": 0.5}') $$, 'what is known is not');
SELECT throws_ok($$ SELECT health_internal.check_training('367 days', at(0), NULL, 100, 1, '{}') $$, 'MD001', 'a failure model cannot be trained like that', 'a horizon of more than a year is');
CREATE TEMP TABLE failure_rows (agent_id text, k integer, f1 real);
CREATE TEMP TABLE failure_cases (agent_id text, k integer, at timestamptz, y smallint, place bigint, part text);
SELECT throws_ok($$ SELECT health_internal.check_cases('1 day') $$, 'MD002', NULL, 'no history');
INSERT INTO failure_cases SELECT 'a' || n % 20, n, at(n), 0, n, (ARRAY['train', 'choose', 'test'])[1 + n % 20 % 3] FROM generate_series(1, 300) AS n;
SELECT throws_ok($$ SELECT health_internal.check_cases('1 day') $$, 'MD003', 'training needs rows with and without a failure ahead', 'no failures');
UPDATE failure_cases SET y = 1 WHERE agent_id = 'a1';
SELECT throws_ok($$ SELECT health_internal.check_cases('1 day') $$, 'MD003', 'there are too few failures to train and to test with', 'failures of one agent');
UPDATE failure_cases SET y = 1 WHERE k < 100;
SELECT lives_ok($$ SELECT health_internal.check_cases('1 day') $$, 'enough of all');
UPDATE failure_cases SET y = 1;
SELECT throws_ok($$ SELECT health_internal.check_cases('1 day') $$, 'MD003', NULL, 'failures only');
INSERT INTO failure_rows SELECT agent_id, k, k FROM failure_cases;
SELECT is((health_internal.scores_of('f1 - min(k) OVER ()', 'test'))[1:2], ARRAY[1, 4]::float8 [], 'an expression over all rows, of the part asked for');
SELECT rows_are($$ SELECT name FROM health_internal.trivial_predictors(1) $$, $$ VALUES ('never fails') $$, 'what can be said without events');
SELECT is(health_internal.method_quality('x', '{0.9,0.1}', '{1,0}', true) ->> 'auc', '1.0000', 'a method''s figures');
SELECT is(health_internal.probabilities('{0,1000}')::text, '{0.5,0.9999999999999065}', 'log-odds are held to 30');

SELECT * FROM finish();
ROLLBACK;
