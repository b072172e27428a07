-- Predictions: all agents by one statement, as of any time. Entry point: health.predict_failures.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.predict_failures,
        health_internal.score_agents
    }',
    $$
    VALUES
    ('health.predict_failures(timestamp with time zone,interval,bigint)', 'f', 'plpgsql', 's', true, 'health_analyst, health_bridge'),
    ('health_internal.score_agents(bigint,timestamp with time zone,integer)', 'f', 'plpgsql', 's', false, '')
    $$
);

SELECT throws_ok($$ SELECT * FROM health.predict_failures('infinity') $$, 'MD001', NULL, 'no time');
SELECT throws_ok($$ SELECT * FROM health.predict_failures(at(0), NULL, 77) $$, 'MD005', NULL, 'no such model');
SELECT is((SELECT count(*) FROM health.predict_failures(at(0), '1 day')), 0::bigint, 'nothing is said of nobody');
INSERT INTO health.agent_heartbeats (agent_id, memory_usage_mb, memory_limit_mb, received_at)
SELECT 'leaking', 500 + 4 * m, 1000, at(60 * m) FROM generate_series(0, 59) AS m;
SELECT rows_are($$ SELECT agent_id, probability > 0.9, model_id FROM health.predict_failures(at(3600), '3 hours') $$, $$ VALUES ('leaking', true, NULL::bigint) $$, 'without a model trends are told');

SELECT * FROM finish();
ROLLBACK;
