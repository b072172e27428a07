-- Logistic regression by Newton steps (ridge 1 on standardised features), the floor that trees must beat: each
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.fit_logistic,
        health_internal.solve_symmetric,
        health_internal.standardised
    }',
    $$
    VALUES
    ('health_internal.fit_logistic(bigint,text[],integer)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.solve_symmetric(double precision[],double precision[],integer)', 'f', 'plpgsql', 'i', false, ''),
    ('health_internal.standardised(integer,double precision,double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT round(x::numeric, 9) FROM unnest(health_internal.solve_symmetric('{4,2,0,3,1,5}', '{8,9.8,11}', 3)) AS x $$,
    $$ SELECT round(x::numeric, 9) FROM unnest('{1,2,1.8}'::float8[]) AS x $$, 'a system of equations is solved');
CREATE TEMP TABLE failure_rows AS SELECT 'a' AS agent_id, n AS k, (n % 10)::real AS f1, NULLIF(n % 3, 0)::real AS f2 FROM generate_series(1, 600) AS n;
CREATE TEMP TABLE failure_cases AS SELECT 'a' AS agent_id, k, k AS place, (hashint4extended(k, 5) & 1023 < 100 * f1)::integer::smallint AS y, 'train' AS part FROM failure_rows;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, measure, gain) VALUES (1, 1, 'metric', 'level', 2), (1, 2, 'metric', 'level', 1);
SELECT ok(step_count BETWEEN 3 AND 15, 'Newton steps end') FROM health_internal.fit_logistic(1, NULL, 10);
SELECT ok((SELECT bool_and(CASE feature WHEN 1 THEN weight > 0.8 ELSE abs(weight) < 0.5 END) FROM health_internal.failure_features), 'with a weight on what tells');

SELECT * FROM finish();
ROLLBACK;
