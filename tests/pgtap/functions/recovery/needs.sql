-- What the tick compares: agents in trouble with recoveries that are open.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.recovery_needs,
        health_internal.troubled_agents
    }',
    $$
    VALUES
    ('health_internal.recovery_needs()', 'f', 'sql', 's', false, ''),
    ('health_internal.troubled_agents()', 'f', 'sql', 's', false, '')
    $$
);

CREATE FUNCTION pg_temp.needs() RETURNS text LANGUAGE sql AS $$
    SELECT format('%s; idle %s; needless %s; early %s', troubled_count,
        (SELECT string_agg(agent_id || ' ' || issue_type, ', ' ORDER BY agent_id) FROM unnest(idle_agent_ids, idle_issue_types) AS idle (agent_id, issue_type)),
        (SELECT string_agg(agent_id, ', ' ORDER BY agent_id) FROM unnest(needless_agent_ids) AS needless (agent_id)),
        (SELECT string_agg(agent_id, ', ' ORDER BY agent_id) FROM health.recovery_actions WHERE action_id = ANY (early_action_ids)))
    FROM health_internal.recovery_needs() $$;
SELECT is(pg_temp.needs(), '0; idle ; needless ; early ', 'at first there is no need');
INSERT INTO health.agent_status (agent_id, issue_type) VALUES
('a', 'agent_unresponsive'), ('b', 'high_error_rate'), ('c', 'agent_unresponsive'), ('d', NULL), ('e', NULL), ('f', NULL), ('g', NULL);
INSERT INTO health.recovery_actions (agent_id, issue_type, state, requested_by, incident_id, created_at, not_before, claimed_by, finished_at) VALUES
('b', 'high_error_rate', 'executing', 'engine', 7, at(0), at(0), 'w', NULL), ('c', 'agent_unresponsive', 'failed', 'engine', NULL, at(0), at(0), 'w', at(1)),
('d', 'agent_unresponsive', 'pending', 'engine', NULL, at(0), at(0), NULL, NULL), ('e', 'agent_unresponsive', 'pending', 'ana', 8, at(0), at(0), NULL, NULL),
('f', 'agent_unresponsive', 'verifying', 'engine', NULL, at(0), at(0), 'w', NULL);
INSERT INTO health.stuck_sessions (pid, backend_start, agent_id, login_name, problem, stuck_since, found_at)
SELECT 1, at(0), 'g', 'x', 'idle_in_transaction', at(0), at(0);
SELECT rows_are('SELECT agent_id, issue_type FROM health_internal.troubled_agents()',
    $$ VALUES ('a', 'agent_unresponsive'), ('b', 'high_error_rate'), ('c', 'agent_unresponsive'), ('g', 'database_connectivity') $$,
    'an agent''s own issue is its trouble, else its stuck sessions');
SELECT is(pg_temp.needs(), '4; idle a agent_unresponsive, c agent_unresponsive, g database_connectivity; needless d; early d, f',
    'idle is trouble that nothing is under way for, needless what the engine queued for agents out of trouble');

SELECT is((SELECT array_position(early_action_ids, NULL) FROM health_internal.recovery_needs()), NULL, 'none of them is nobody''s');
INSERT INTO health.stuck_sessions (pid, backend_start, agent_id, login_name, problem, stuck_since, found_at) SELECT 2, at(0), 'a', 'x', 'idle_in_transaction', at(0), at(0);
SELECT rows_are($$ SELECT issue_type FROM health_internal.troubled_agents() WHERE agent_id = 'a' $$, $$ VALUES ('agent_unresponsive') $$, 'of two troubles an agent has one: its own');

SELECT * FROM finish();
ROLLBACK;
