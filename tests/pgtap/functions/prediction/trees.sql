-- Newton-boosted trees (logistic loss), grown by SQL aggregates: each level of a tree is one GROUP BY GROUPING
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.grow_trees
    }',
    $$
    VALUES
    ('health_internal.grow_trees(bigint,text,jsonb,integer,integer)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, measure, cuts) VALUES (1, 1, 'metric', 'level', '{1,2,3}'), (1, 2, 'metric', 'level', '{1,2,3}');
CREATE TEMP TABLE failure_bins AS
SELECT n AS rn, n AS place, (n % 4 >= 2)::integer::smallint AS y, CASE WHEN n % 5 = 0 THEN 'choose' ELSE 'train' END AS part,
    (8 + n % 4)::smallint AS b1, (16 + (n / 7) % 4)::smallint AS b2
FROM generate_series(1, 400) AS n;
CREATE TEMP TABLE grown AS SELECT * FROM health_internal.grow_trees(1, 'failure_bins', '{"bins": 8, "depth": 2, "learning_rate": 0.3, "row_share": 1, "column_share": 1, "least_hessian": 1, "seed": 1}', 20, 5);
SELECT ok(tree_count BETWEEN 5 AND 20 AND round(base::numeric, 6) = 0, 'trees grow while the loss falls') FROM grown;
SELECT rows_are($$ SELECT DISTINCT feature, cut FROM health_internal.failure_nodes WHERE tree = 1 AND node = 1 $$, $$ VALUES (1, 2::real) $$, 'the first split is the one the labels were made by');
SELECT ok((SELECT bool_and((scores[rn] > 0) = (y = 1)) FROM grown, failure_bins), 'and every row is told right');
SELECT rows_are($$ SELECT round(sum(s)::numeric, 9) FROM (SELECT value AS s FROM health_internal.failure_nodes WHERE tree = 1 AND node = 1) x $$, $$ VALUES (0.000000000) $$, 'the root of the first adds nothing to the base');
CREATE TEMP TABLE again AS SELECT * FROM health_internal.grow_trees(1, 'failure_bins', '{"bins": 8, "depth": 2, "learning_rate": 0.3, "row_share": 1, "column_share": 1, "least_hessian": 1, "seed": 1}', 20, 5);
SELECT rows_are($$ SELECT scores FROM again $$, $$ SELECT scores FROM grown $$, 'twice the same');

SELECT * FROM finish();
ROLLBACK;
