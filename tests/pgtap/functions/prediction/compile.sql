-- A model as SQL: its trees, or weights, become one expression over the feature columns. The rows of
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.compile_model,
        health_internal.contributions,
        health_internal.log_odds_expression,
        health_internal.tree_expression
    }',
    $$
    VALUES
    ('health_internal.compile_model(bigint)', 'f', 'sql', 'v', false, ''),
    ('health_internal.contributions(bigint,real[])', 'f', 'sql', 's', false, ''),
    ('health_internal.log_odds_expression(bigint)', 'f', 'sql', 's', false, ''),
    ('health_internal.tree_expression(bigint,integer)', 'f', 'plpgsql', 's', false, '')
    $$
);

SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_nodes (model_id, tree, node, feature, cut, gain, value)
VALUES (1, 1, 1, 2, 0.1, 1, 0.05), (1, 1, 2, NULL, NULL, NULL, -0.2), (1, 1, 3, 1, 5, 1, 0.3), (1, 1, 6, NULL, NULL, NULL, 0.1), (1, 1, 7, NULL, NULL, NULL, 0.7);
SET extra_float_digits = -5;
SELECT is(health_internal.tree_expression(1, 1),
    'CASE WHEN f2 >= ''0.1''::real THEN CASE WHEN f1 >= ''5''::real THEN ''0.7''::float8 ELSE ''0.1''::float8 END ELSE ''-0.2''::float8 END', 'a tree is an expression over real numbers');
SELECT rows_are($$ SELECT * FROM health_internal.contributions(1, '{6,0.1}') WHERE feature > 0 ORDER BY 1 $$, $$ VALUES (1, 0.7 - 0.3::float8), (2, 0.3 - 0.05::float8) $$, 'each step of a path belongs to the feature that was asked');
SELECT rows_are($$ SELECT feature, round(contribution::numeric, 9) FROM health_internal.contributions(1, '{NULL,NULL}') ORDER BY 1 $$, $$ VALUES (0, 0.050000000), (2, -0.250000000) $$, 'what is missing goes left');

SELECT * FROM finish();
ROLLBACK;
