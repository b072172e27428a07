-- Retraining: once a day each horizon that was ever trained, whoever calls: pg_cron at night, else the bridge, which
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.retrain_failure_models,
        health_internal.models_to_retrain,
        health_internal.retrain_failure_model
    }',
    $$
    VALUES
    ('health.retrain_failure_models(timestamp with time zone)', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
    ('health_internal.models_to_retrain(timestamp with time zone)', 'f', 'sql', 's', true, 'health_admin, health_bridge'),
    ('health_internal.retrain_failure_model(interval,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

SELECT rows_are($$ SELECT * FROM health_internal.models_to_retrain(at(0)) $$, $$ SELECT 1 WHERE false $$, 'nothing to retrain');
SELECT ok(health_internal.retrain_failure_model('1 day', at(-1e9)) LIKE '%(MD002)', 'an error is returned');
SELECT rows_are($$ SELECT horizon, tried_at, error LIKE '%MD002%' FROM health_internal.failure_retrainings $$, $$ VALUES (interval '1 day', at(-1e9), true) $$, 'and kept');
SELECT is(health_internal.retrain_failure_model('1 day', at(-1e9 + 3600)), NULL, 'it is not tried again within 20 hours');
SELECT ok(health_internal.retrain_failure_model('1 day', at(-1e9 + 72001)) LIKE '%(MD002)', 'but after them');
SELECT ok(health_internal.retrain_failure_model('2 days', at(-1e9 + 72002)) LIKE '%(MD002)', 'other horizons have their own time');

SELECT * FROM finish();
ROLLBACK;
