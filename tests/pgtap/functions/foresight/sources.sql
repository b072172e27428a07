-- Recommendations about agents, their resources and their recoveries.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.recommend_from_agents,
        health_internal.recommend_from_exhaustion,
        health_internal.recommend_from_recoveries
    }',
    $$
    VALUES
    ('health_internal.recommend_from_agents(timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.recommend_from_exhaustion(timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.recommend_from_recoveries(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

SELECT health.register_agent('a1', p_expected_interval => '10 s'), health.register_agent('vital', p_expected_interval => '30 s'), health.register_agent('parent');
UPDATE health.agents SET criticality = 'vital' WHERE agent_id = 'vital';
INSERT INTO health.agent_heartbeats (agent_id, received_at, memory_usage_mb, memory_limit_mb, average_processing_time_ms)
SELECT a.agent_id, at(30 * n), 10, CASE a.agent_id WHEN 'a1' THEN 100 END, 5 FROM (VALUES ('a1'), ('vital')) AS a (agent_id), generate_series(0, 25) AS n;
SELECT health.tick(at(760), true);
SELECT rows_are($$ SELECT agent_id, kind, priority, summary FROM health_internal.recommend_from_agents(at(760)) ORDER BY 1, 2 $$,
    $$ VALUES ('a1', 'correct_expected_interval', 3, 'correct its expected_interval: it beats every 28.8 s'),
    ('vital', 'add_dependencies', 5, 'say what it depends on: a dead parent then pages once, and is restarted first'),
    ('vital', 'set_latency_objective', 4, 'set its latency_slo_ms: without one slowness becomes its baseline'),
    ('vital', 'set_memory_limit', 4, 'tell its memory_limit_mb: without one no leak is foreseen'),
    ('vital', 'set_revenue', 4, 'set its revenue_usd_per_hour: without it nobody is told what an outage costs') $$,
    'of the one what is wrong, of the vital one what is missing');
SELECT is((SELECT evidence FROM health_internal.recommend_from_agents(at(760)) WHERE agent_id = 'a1'), '{"expected_interval_seconds": 10, "learnt_interval_seconds": 28.8}', 'with its numbers');
SELECT health.set_policy('standard', '{"expected_interval_band": 0.99}');
UPDATE health.agents SET revenue_usd_per_hour = 5, latency_slo_ms = 10 WHERE agent_id = 'vital';
INSERT INTO health.dependencies (child_id, parent_id) VALUES ('vital', 'parent');
UPDATE health.agents SET expected_interval = '16 s' WHERE agent_id = 'a1';
INSERT INTO health.agent_heartbeats (agent_id, received_at, memory_limit_mb) VALUES ('vital', at(780), 100);
SELECT health.tick(at(781), true);
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_agents(at(781)) $$, 'mended, or within the policy''s band, there is nothing to say');
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_agents(at(781 + 2 * 86400)) $$, 'nor of those that are gone');

CREATE FUNCTION pg_temp.recovery(p_state text, p_seconds float8, p_agent_id text DEFAULT 'a1', p_issue text DEFAULT 'agent_unresponsive') RETURNS void LANGUAGE sql AS $f$
    INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at, outcome)
    VALUES (p_agent_id, p_issue, p_state, at(p_seconds), at(p_seconds), at(p_seconds + 1), '{"reason": "it was late"}') $f$;
SELECT pg_temp.recovery('succeeded', 100 * n) FROM generate_series(1, 5) AS n;
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_recoveries(at(1000)) $$, 'five restarts a day are borne');
SELECT pg_temp.recovery('succeeded', 600), pg_temp.recovery('failed', 700, 'vital'), pg_temp.recovery('succeeded', 710, 'vital'), pg_temp.recovery('escalated', 720, 'vital'), pg_temp.recovery('failed', 730, 'parent');
SELECT rows_are($$ SELECT agent_id, kind, summary, evidence FROM health_internal.recommend_from_recoveries(at(1000)) ORDER BY 1 $$,
    $$ VALUES ('a1', 'chronic_restarts', 'find out why it needs restarts: 6 in 24 hours', '{"issue_type": "agent_unresponsive", "limit_count": 5, "restart_count": 6}'::jsonb),
    ('vital', 'failing_recoveries', 'mend its recovery: 2 of 3 for agent_unresponsive failed', '{"subject": "agent_unresponsive", "ended_count": 3, "failed_count": 2}') $$,
    'six only seem to heal; two failures of three need a person, one of one is none');
SELECT ok((SELECT reason LIKE '%Last reason: it was late.' FROM health_internal.recommend_from_recoveries(at(1000)) WHERE agent_id = 'vital'), 'who reads the last reason');
SELECT is_empty($$ SELECT * FROM health_internal.recommend_from_recoveries(at(8 * 86400)) $$, 'a week later all is forgotten');

INSERT INTO health_internal.resource_trends (agent_id, resource, used, limit_value, peak, began_at, sampled_at, mean_value)
VALUES ('a1', 'memory', 100, 950, 299, at(0), at(86400), 100), ('vital', 'memory', 100, 950, 301, at(0), at(86400), 100), ('parent', 'memory', 100, 950, 100, at(1), at(86400), 100);
UPDATE health.agent_status SET memory_limit_mb = 1000 WHERE agent_id IN ('a1', 'vital', 'parent');
SELECT rows_are($$ SELECT agent_id, kind, priority, summary, reason FROM health_internal.recommend_from_exhaustion(at(86460)) $$,
    $$ VALUES ('a1', 'over_provisioned', 5, 'give it less memory: it uses at most 30 % of its limit', 'In the 24 hours of this run it never used more than 299 of 1000 MB.') $$,
    'who never used a third in a day has too much');
DELETE FROM health_internal.resource_trends;
INSERT INTO health_internal.resource_trends (agent_id, resource, used, limit_value, peak, began_at, sampled_at, mean_value, sample_count, weight, weight_square_sum, mean_hours, hours_square_sum, product_sum, value_square_sum)
SELECT a.id, 'disk', 500, 1000, 500, at(0), at(43200), 450, 100, 60, 30, -1, 60, 60 * a.slope, 60 * a.slope * a.slope * 1.0001
FROM (VALUES ('a1', 50), ('vital', 300), ('parent', 5)) AS a (id, slope);
SELECT rows_are($$ SELECT agent_id, kind, priority, evidence ->> 'subject' FROM health_internal.recommend_from_exhaustion(at(43200)) ORDER BY 1 $$,
    $$ VALUES ('a1', 'exhaustion_ahead', 2, 'disk'), ('parent', 'exhaustion_ahead', 3, 'disk'), ('vital', 'exhaustion_ahead', 1, 'disk') $$,
    'the nearer the end, the more urgent');
INSERT INTO health_internal.metric_series (agent_id, metric_name, unit, last_value, last_received_at, value_count, decayed_at, weight, value_sum, square_sum) VALUES ('parent', 'disk', 'GB', 500, at(43200), 100, at(43200), 1, 500, 250000);
UPDATE health_internal.resource_trends SET resource = 'memory' WHERE agent_id = 'vital';
SELECT rows_are($$ SELECT agent_id, left(reason, 47), evidence ->> 'unit', (evidence ->> 'used_at_present')::float8, (evidence ->> 'limit_value')::float8 FROM health_internal.recommend_from_exhaustion(at(43200)) ORDER BY 1 $$,
    $$ VALUES ('a1', 'At 50.00 per hour its disk reaches 1000.0 about', NULL, 500, 1000), ('parent', 'At 5.00 GB per hour its disk reaches 1000.0 GB ', 'GB', 500, 1000), ('vital', 'At 300.00 MB per hour its memory reaches 1000.0', 'MB', 500, 1000) $$,
    'in the units of what is used up');

SELECT * FROM finish();
ROLLBACK;
