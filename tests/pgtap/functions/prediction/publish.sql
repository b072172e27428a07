-- From a tested model to the one that predicts: fitted anew to all cases, without what it does not ask for.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.publish_model,
        health_internal.top_families,
        health_internal.verdict_of
    }',
    $$
    VALUES
    ('health_internal.publish_model(bigint,text,jsonb,integer,double precision,boolean)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.top_families(bigint,text)', 'f', 'sql', 's', false, ''),
    ('health_internal.verdict_of(double precision,double precision,double precision,double precision,double precision,text,double precision,double precision,double precision,text)', 'f', 'sql', 'i', false, '')
    $$
);

SELECT rows_are(
    $$ SELECT health_internal.verdict_of(auc, ap, ll, 0.05, margin, 'errors lately', t_auc, 0.45, 0.2, objection)
        FROM (VALUES
            (0.90, 0.5, 0.1, 0.04, 0.80, NULL),
            (0.84, 0.5, 0.1, 0.04, 0.80, NULL),
            (0.84, 0.6, 0.1, 0.04, 0.80, NULL),
            (0.79, 0.9, 0.1, 0.04, 0.80, NULL),
            (0.53, 0.9, 0.1, 0.04, 0.50, NULL),
            (0.90, 0.5, 0.2, 0.04, 0.80, NULL),
            (0.90, 0.5, 0.1, 0.04, 0.80, 'model 7 is better')
        ) AS cases (auc, ap, ll, margin, t_auc, objection) $$,
    $$ VALUES
        ('used: AUC 0.900 against 0.800 of "errors lately"'),
        ('not used: its AUC 0.840 does not beat "errors lately" (0.800) by more than chance allows (0.050)'),
        ('used: AUC 0.840 against 0.800 of "errors lately"'),
        ('not used: its AUC 0.790 does not beat "errors lately" (0.800) by more than chance allows (0.050)'),
        ('not used: its AUC 0.530 does not beat "errors lately" (0.500) by more than chance allows (0.050)'),
        ('not used: its probabilities are no better than the mean rate of failures'),
        ('not used: model 7 is better') $$,
    'a model must beat what needs no model and the mean rate, and not be clearly worse than the one in use'
);
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO health_internal.failure_features (model_id, feature, source, family, name, measure, gain, weight)
VALUES (1, 1, 'metric', '', 'load', 'level', 6, 1), (1, 2, 'metric', '', 'load', 'mean_3', 2, -2), (1, 3, 'event', 'error', '', 'since', 2, 1), (1, 4, 'label', '', 'age', 'number', 0, 0);
SELECT is(health_internal.top_families(1, 'trees'), '[{"share": 0.8000, "family": "metric load"}, {"share": 0.2000, "family": "any error"}]'::jsonb, 'families by their share of the gain');
SELECT is(health_internal.top_families(1, 'logistic'), '[{"share": 0.7500, "family": "metric load"}, {"share": 0.2500, "family": "any error"}]'::jsonb, 'or of the weights');

SELECT * FROM finish();
ROLLBACK;
