-- An assessment of everybody, as they stand, is what the judgement wrote of them.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.assess_agents
    }',
    $$
    VALUES
    ('health_internal.assess_agents(health_internal.turn,health.policies)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval)
SELECT name, name, '10 s' FROM unnest('{well,late,failed,leaving}'::text []) AS name;
INSERT INTO health.agent_heartbeats (agent_id, received_at, state, error_count, work_items_processed, cpu_usage_percent)
SELECT name, at(10 * n), CASE WHEN name IN ('failed', 'stopped') THEN name WHEN name = 'leaving' THEN 'stopping' ELSE 'running' END, n, 100 * n, 50
FROM unnest('{well,late,failed,leaving}'::text []) AS name, generate_series(0, 5) AS n;
SELECT health.tick(at(50), true);
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES ('well', at(70), 'running'), ('failed', at(70), 'failed');
SELECT health.tick(at(72.5), true);
CREATE FUNCTION pg_temp.assessed(p_seconds float8) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.agent_id, a.liveness, a.gate, a.new_issue_candidate,
        (a.liveness, a.gate, a.heartbeat, a.errors, a.resources, a.late_seconds)
        IS NOT DISTINCT FROM (s.liveness, s.gate, s.heartbeat_consistency, s.error_rate, s.resource_efficiency, s.learnt_interval_seconds * s.late_intervals))
    FROM health.current_policies AS p
    CROSS JOIN LATERAL health_internal.assess_agents(
        ROW(at(p_seconds), -1, 'everybody', '{}', true, NULL, '{}', health_internal.recent_blindness(), 600, 3600, 86400)::health_internal.turn,
        ROW(p.*)::health.policies
    ) AS a
    INNER JOIN health.agent_status AS s ON s.agent_id = a.agent_id
    WHERE p.policy_class = 'standard' AND a.agent_id <> 'heartbeat_health_agent'
    ORDER BY a.agent_id
$$;
SELECT rows_are($$ SELECT * FROM pg_temp.assessed(72.5) $$,
    $$ VALUES ('failed alive 20 agent_unresponsive t'), ('late late 65 t'), ('leaving late 65 t'), ('well alive 100 t') $$, 'at the time of the tick');
SELECT rows_are($$ SELECT * FROM pg_temp.assessed(1000) $$,
    $$ VALUES ('failed unresponsive 0 agent_unresponsive f'), ('late unresponsive 0 agent_unresponsive f'), ('leaving stopped 100 f'), ('well unresponsive 0 agent_unresponsive f') $$,
    'and what it would be later');

SELECT * FROM finish();
ROLLBACK;
