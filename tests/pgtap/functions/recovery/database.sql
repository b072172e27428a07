-- Stuck sessions: only what is an agent's, and nothing where nothing is stuck. With real sessions: test_stuck_sessions.py.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.find_stuck_sessions,
        health_internal.terminate_stuck_sessions,
        health_internal.watch_stuck_sessions
    }',
    $$
    VALUES
    ('health_internal.find_stuck_sessions()', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.terminate_stuck_sessions(timestamp with time zone,text)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.watch_stuck_sessions(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name) VALUES ('a1', 'a1');
INSERT INTO health.agent_status (agent_id) VALUES ('a1') ON CONFLICT DO NOTHING;
INSERT INTO health.agent_logins VALUES (session_user, 'a1');
SELECT is_empty('SELECT * FROM health_internal.find_stuck_sessions()', 'this very session is in a transaction, and not accused');
SELECT is(health_internal.watch_stuck_sessions(now()), 0::bigint, 'nothing is stuck');
INSERT INTO health.stuck_sessions VALUES (1, now(), 'a1', 'x', 'blocks_others', now(), 2, now());
SELECT is((SELECT issue_type FROM health_internal.troubled_agents() WHERE agent_id = 'a1'), 'database_connectivity', 'a stuck session is an issue of its agent');
SELECT is(health_internal.watch_stuck_sessions(now()), 0::bigint, 'the next look');
SELECT is((SELECT count(*) FROM health.stuck_sessions), 0::bigint, 'forgets what is over');
SELECT is(health_internal.terminate_stuck_sessions(now(), 'a1'), '{"ended_pids": []}'::jsonb, 'nothing stuck, nothing ended');
SELECT throws_ok($$ INSERT INTO health.stuck_sessions VALUES (1, now(), 'a1', 'x', 'bored', now(), 2, now()) $$, '23514', NULL, 'problems are known ones');
SELECT is(health_internal.step_text('terminate_sessions', '{}', 'succeeded', NULL, '{"ended_pids": [1, 2]}', now(), now()), 'ended 2 sessions', 'in words');

SELECT * FROM finish();
ROLLBACK;
