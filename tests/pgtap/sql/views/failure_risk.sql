-- What analysts read of predictions.
BEGIN;

SELECT no_plan();

SELECT columns_are(
    'health', 'failure_risk',
    '{agent_id,horizon,probability,threshold,is_at_risk,basis,model_id,reasons,predicted_at}'::name [],
    'failure_risk has its columns'
);
INSERT INTO health_internal.failure_predictions (agent_id, horizon, probability, threshold, basis, reasons, predicted_at)
VALUES ('above', '1 day', 0.95, 0.9, 'trend', '[{"reason": "rising"}]', at(0)), ('at', '1 day', 0.9, 0.9, 'trend', '[]', at(0)), ('below', '1 day', 0.89, 0.9, 'trend', '[]', at(0)), ('at', '2 days', 0.1, 0.9, 'trend', '[]', at(0));
SELECT rows_are($$ SELECT agent_id, horizon, is_at_risk, basis, model_id, reasons -> 0 ->> 'reason', predicted_at FROM health.failure_risk ORDER BY 1, 2 $$,
    $$ VALUES ('above', interval '1 day', true, 'trend', NULL::bigint, 'rising', at(0)), ('at', '1 day', true, 'trend', NULL, NULL, at(0)),
        ('at', '2 days', false, 'trend', NULL, NULL, at(0)), ('below', '1 day', false, 'trend', NULL, NULL, at(0)) $$,
    'a row per agent and horizon; at risk from the threshold on');
SET LOCAL ROLE health_analyst;
SELECT is((SELECT count(*) FROM health.failure_risk), 4::bigint, 'analysts read it');
SELECT throws_ok($$ SELECT FROM health_internal.failure_predictions $$, '42501', NULL, 'and not the table');
SELECT throws_ok($$ DELETE FROM health.failure_risk $$, '55000', NULL, 'and change nothing');
SET LOCAL ROLE health_agent;
SELECT throws_ok($$ SELECT FROM health.failure_risk $$, '42501', NULL, 'agents do not');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
