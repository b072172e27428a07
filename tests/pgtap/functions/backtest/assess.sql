-- The judgement under another policy, from the running state.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.assess_under
    }',
    $$
    VALUES
    ('health_internal.assess_under(health.policies,timestamp with time zone)', 'f', 'plpgsql', 's', false, '')
    $$
);

SELECT health.register_agent('a1', p_expected_interval => '10 s'), health.register_agent('other');
SELECT health.set_policy('batch', '{}');
UPDATE health.agents SET policy_class = 'batch' WHERE agent_id = 'other';
INSERT INTO health.agent_heartbeats (agent_id, received_at, work_items_processed, error_count, average_processing_time_ms, cpu_usage_percent, memory_usage_mb, memory_limit_mb, user_satisfaction)
SELECT 'a1', at(10 * n), 10 * n, n, 20, 85, 450, 500, 70 FROM generate_series(0, 40) AS n;
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('other', at(400));
SELECT health.tick(at(401), true);
CREATE FUNCTION pg_temp.under(p_changes jsonb, p_seconds float8, OUT liveness text, OUT score integer, OUT status text, OUT issue text) LANGUAGE sql
RETURN (SELECT (a.liveness, round(a.score)::integer, a.status, a.issue_candidate) FROM health.current_policies AS p
    CROSS JOIN LATERAL health_internal.assess_under(health_internal.changed_policy(ROW(p.*)::health.policies, p_changes), at(p_seconds)) AS a
    WHERE p.policy_class = 'standard' AND a.agent_id = 'a1');
SELECT rows_are($$ SELECT s.agent_id, a.live_score = s.score AND abs(a.score - s.score) < 1e-9 AND a.status = s.status AND a.judged_at = s.judged_at
    FROM health.current_policies AS p CROSS JOIN LATERAL health_internal.assess_under(ROW(p.*)::health.policies, at(401)) AS a JOIN health.agent_status AS s ON s.agent_id = a.agent_id
    WHERE s.agent_id IN ('a1', 'other') ORDER BY 1 $$, $$ VALUES ('a1', true), ('other', true) $$, 'under the policies in force, class by class, it is what was judged');
SELECT ok((pg_temp.under('{"error_rate_scale": 0.01}', 401)).score < (pg_temp.under('{}', 401)).score, 'a stricter scale scores lower');
SELECT ok((pg_temp.under('{"weight_resource_efficiency": 0.05, "weight_business_impact": 0.20}', 401)).score <> (pg_temp.under('{}', 401)).score, 'other weights weigh otherwise');
SELECT is((pg_temp.under('{"excellent_from": 100, "good_from": 100, "fair_from": 0, "poor_from": 0}', 401)).status, 'fair', 'other limits name otherwise');
SELECT is((pg_temp.under('{"error_issue_below": 99}', 401)).issue, 'high_error_rate', 'an issue begins where the policy says');
SELECT rows_are($$ SELECT n, (pg_temp.under('{}', 400 + n)).liveness, (pg_temp.under('{"young_beats": 1000, "young_late_intervals": 1.5, "young_unresponsive_intervals": 2}', 400 + n)).liveness FROM unnest('{12,17,22}'::integer []) AS n $$,
    $$ VALUES (12, 'alive', 'alive'), (17, 'alive', 'late'), (22, 'alive', 'unresponsive') $$, 'deadlines are the policy''s');
SELECT rows_are($$ SELECT (pg_temp.under('{"young_beats": 1000, "young_unresponsive_intervals": 2}', 422)).score, (pg_temp.under('{"young_beats": 1000, "young_unresponsive_intervals": 2, "gate_unresponsive": 5}', 422)).score $$, $$ VALUES (0, 5) $$, 'and so are gates');

SELECT * FROM finish();
ROLLBACK;
