-- The standing forecast: the latest prediction for each agent, the warnings it raises, and what of it is told
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.explain_prediction,
        health_internal.foresee_failures,
        health_internal.predict_all,
        health_internal.recommend_from_predictions
    }',
    $$
    VALUES
    ('health_internal.explain_prediction(text)', 'f', 'sql', 's', false, ''),
    ('health_internal.foresee_failures(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.predict_all(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.recommend_from_predictions(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agent_heartbeats (agent_id, memory_usage_mb, memory_limit_mb, received_at)
SELECT 'leaking', 500 + 4 * m, 1000, at(60 * m) FROM generate_series(0, 59) AS m;
SELECT health.register_agent('leaking');
SELECT is(health_internal.foresee_failures(at(3600)), 1::bigint, 'one agent is predicted');
SELECT rows_are($$ SELECT agent_id, is_at_risk, basis, model_id, threshold FROM health.failure_risk $$, $$ VALUES ('leaking', true, 'trend', NULL::bigint, 0.9::float8) $$, 'by its trend');
SELECT ok(summary LIKE 'a resource is likely to be full (100 \%) within 24 h: trend, not a model: memory %' AND severity = 'warning', 'which is a finding')
FROM health.rule_findings WHERE rule = 'predicted_failure' AND agent_id = 'leaking';
SELECT rows_are($$ SELECT component, raw_inputs ->> 'basis' FROM health_internal.explain_prediction('leaking') $$, $$ VALUES ('predicted_failure', 'trend') $$, 'explained');
SELECT rows_are($$ SELECT agent_id, kind, priority, summary FROM health_internal.recommend_from_predictions(at(3600)) $$, $$ VALUES ('leaking', 'predicted_failure', 1, 'make room within 24 h') $$, 'recommended');
SELECT rows_are($$ SELECT * FROM health_internal.recommend_from_predictions(at(2 * 86400)) $$, $$ SELECT 1 WHERE false $$, 'for a day');
SELECT lives_ok($$ SELECT health_internal.foresee_failures(at(2 * 86400)) $$, 'who fell silent');
SELECT rows_are($$ SELECT count(*) FROM health.rule_findings WHERE rule = 'predicted_failure' $$, $$ VALUES (0::bigint) $$, 'is not warned of any more');
SELECT rows_are($$ SELECT * FROM health_internal.explain_prediction('nobody') $$, $$ SELECT 1 WHERE false $$, 'nothing to say of others');

SELECT * FROM finish();
ROLLBACK;
