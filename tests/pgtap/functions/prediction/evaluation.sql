-- How good scores are: over the rows that were kept from the training.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.at_threshold,
        health_internal.calibration_of,
        health_internal.lead_margin,
        health_internal.log_loss,
        health_internal.rank_quality,
        health_internal.threshold_at
    }',
    $$
    VALUES
    ('health_internal.at_threshold(double precision[],integer[],double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.calibration_of(double precision[],integer[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.lead_margin(double precision[],double precision[],integer[],double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.log_loss(double precision[],integer[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.rank_quality(double precision[],integer[])', 'f', 'sql', 'i', false, ''),
    ('health_internal.threshold_at(double precision[],integer[],double precision)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are($$ SELECT auc, round(average_precision::numeric, 9)::float8, recall_1, recall_2 FROM health_internal.rank_quality('{0.9,0.8,0.8,0.1}', '{1,1,0,0}') $$, $$ VALUES (0.875::float8, 0.833333333::float8, 0.5::float8, 0.5::float8) $$,
    'AUC counts ties half');
SELECT rows_are($$ SELECT auc FROM health_internal.rank_quality('{0.9,0.1}', '{1,1}') $$, $$ VALUES (NULL::float8) $$, 'no AUC of one label');
SELECT is(round(health_internal.log_loss('{0.5,0.5}', '{1,0}')::numeric, 6), 0.693147, 'log loss');
SELECT is(health_internal.threshold_at('{0.9,0.8,0.3,0.2}', '{1,0,1,0}', 0.5), 0.3::float8, 'the least score within the false positives');
SELECT is(health_internal.threshold_at('{0.9,0.8}', '{0,0}', 0), 0.9::float8, 'or the highest of all');
SELECT rows_are($$ SELECT * FROM health_internal.at_threshold('{0.9,0.8,0.3,0.2}', '{1,0,1,0}', 0.8) $$, $$ VALUES (0.5::float8, 0.5::float8, 0.5::float8) $$, 'precision, recall, false positive rate');
SELECT is(health_internal.calibration_of('{0.001,0.9,0.9}', '{0,1,0}'),
    '[{"from": 0, "rows": 1, "observed": 0, "predicted": 0.0010}, {"from": 0.8, "rows": 2, "observed": 0.5, "predicted": 0.9000}]'::jsonb, 'bands of probability');
SELECT ok(health_internal.lead_margin('{0.9,0.8,0.7,0.2,0.6,0.1}', '{0,0,0,0,0,0}', '{1,1,0,0,1,0}', 1) BETWEEN 0.2 AND 0.6, 'how far a lead may be chance');
SELECT is(health_internal.lead_margin('{1,2,3,4}', '{1,2,3,4}', '{0,0,1,1}', 1), 0::float8, 'a method leads itself by nothing');

SELECT * FROM finish();
ROLLBACK;
