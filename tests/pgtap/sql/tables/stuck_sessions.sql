-- What a stuck session must be.
BEGIN;

SELECT no_plan();

SELECT grants_are('{health.stuck_sessions}', $$ VALUES ('health.stuck_sessions', 'health_analyst SELECT') $$);

INSERT INTO health.stuck_sessions (pid, backend_start, agent_id, login_name, problem, stuck_since, found_at) VALUES (1, at(0), 'a', 'x', 'blocks_others', at(0), at(1));
SELECT refuses('stuck_sessions_pkey', $$ INSERT INTO health.stuck_sessions (pid, backend_start, agent_id, login_name, problem, stuck_since, found_at) VALUES (1, at(0), 'b', 'x', 'blocks_others', at(0), at(1)) $$);
SELECT refuses('session_problem_is_known', $$ UPDATE health.stuck_sessions SET problem = 'bored' $$);

SELECT * FROM finish();
ROLLBACK;
