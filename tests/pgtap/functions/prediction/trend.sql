-- Cold start: where no model is active, how sure it is that a resource with a known limit reaches it in time.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.chance_to_reach,
        health_internal.trend_risks
    }',
    $$
    VALUES
    ('health_internal.chance_to_reach(double precision,double precision)', 'f', 'sql', 'i', false, ''),
    ('health_internal.trend_risks(timestamp with time zone,interval)', 'f', 'sql', 's', false, '')
    $$
);

SELECT rows_are($$ SELECT round(health_internal.chance_to_reach(g, s)::numeric, 2) FROM (VALUES (0.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (5.0, 0.0), (-5.0, 0.0)) AS v (g, s) $$,
    $$ VALUES (0.50), (0.15), (0.85), (0.00), (1.00) $$, 'the chance to reach a limit');
INSERT INTO health.agent_heartbeats (agent_id, memory_usage_mb, memory_limit_mb, received_at)
SELECT a, 500 + slope * m + (m % 3), 1000, at(60 * m) FROM (VALUES ('leaking', 4.0), ('steady', 0.0), ('falling', -2.0)) AS v (a, slope), generate_series(0, 59) AS m;
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, unit, received_at)
SELECT 'disk', 'disk_usage', 50 + m * 0.5, 'percent', at(60 * m) FROM generate_series(0, 59) AS m;
INSERT INTO health.agent_heartbeats (agent_id, memory_usage_mb, memory_limit_mb, received_at) VALUES ('once', 999, 1000, at(0));
SELECT rows_are($$ SELECT agent_id, probability > 0.9 FROM health_internal.trend_risks(at(3600), '2 hours') ORDER BY 1 $$,
    $$ VALUES ('disk', true), ('falling', false), ('leaking', true), ('steady', false) $$, 'who runs full within two hours');
SELECT ok(reasons -> 0 ->> 'reason' LIKE 'trend, not a model: memory is at %', 'and says that it is a trend') FROM health_internal.trend_risks(at(3600), '2 hours') WHERE agent_id = 'leaking';

SELECT * FROM finish();
ROLLBACK;
