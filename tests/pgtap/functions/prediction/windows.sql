-- Windows of series: sums over the step of a row, the one before, three steps, and the six before the last; and what is
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.series_measure_sql,
        health_internal.series_sql,
        health_internal.spread_of,
        health_internal.window_sums_sql
    }',
    $$
    VALUES
    ('health_internal.series_measure_sql(text,boolean)', 'f', 'sql', 'i', false, ''),
    ('health_internal.series_sql(bigint,text)', 'f', 'sql', 's', false, ''),
    ('health_internal.spread_of(double precision,double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.window_sums_sql(bigint,boolean)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are($$ SELECT round(health_internal.spread_of(n, s, q)::numeric, 9)::float8 FROM (VALUES (4, 10, 30), (3, 0.3, 0.03), (1, 5, 25), (0, NULL, NULL), (2, 2e9, 2e18)) AS v (n, s, q) $$,
    $$ VALUES (1.290994449::float8), (0), (NULL), (NULL), (0) $$, 'a spread from sums; what is of rounding is none');
SELECT is(round(health_internal.spread_of(2, 300003, 45000900005)::numeric, 3), 0.707, 'and what is not of rounding is one');
SELECT rows_are($$ SELECT health_internal.series_sql(9, 'x'), health_internal.window_sums_sql(9, true) $$, $$ VALUES (NULL::text, NULL::text) $$, 'a model without series has neither');
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, name, measure)
VALUES (9, 1, 'metric', 'm', 'mean_3'), (8, 1, 'heartbeat', 'error_count', 'mean_7'), (8, 2, 'metric', 'm', 'deviation');
SELECT rows_are($$ SELECT m, w, k FROM unnest('{8,9}'::bigint[]) AS m, unnest('{present,before,three,past}'::text[]) AS w, unnest('{sum,squares,least}'::text[]) AS k
    WHERE health_internal.window_sums_sql(m, false) ~ format(' AS %s_%s', w, k) ORDER BY 1, 2, 3 $$,
    $$ VALUES (8::bigint, 'past', 'least'), (8, 'past', 'squares'), (8, 'past', 'sum'), (8, 'present', 'least'), (8, 'present', 'sum'), (9, 'three', 'sum') $$, 'what no feature asks for is not summed');

SELECT * FROM finish();
ROLLBACK;
