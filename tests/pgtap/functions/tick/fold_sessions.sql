-- Sessions whose lock is gone are suspected. With real sessions: tests/python/integration/test_engine.py.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{health_internal.watch_sessions}',
    $$
    VALUES
    ('health_internal.watch_sessions(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT is(health_internal.watch_sessions(clock_timestamp(), false), 0::bigint, 'without sessions nobody is suspected');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '30 s');
SELECT ok(health.attach('a1') > 0, 'attached');
SELECT beat('a1', 0);
SELECT tick(0);
SELECT is(health_internal.watch_sessions(at(1), false), 0::bigint, 'who holds its lock is not');
SELECT ok(pg_advisory_unlock((SELECT agent_number FROM health.agents WHERE agent_id = 'a1')), 'the lock is gone');
SELECT is(health_internal.watch_sessions(at(2), false), 1::bigint, 'whose lock is gone is');
SELECT rows_are($$ SELECT lost_at, lost_reason FROM health.agent_sessions $$, $$ VALUES (at(2), 'session_lost') $$, 'which the session tells');
SELECT rows_are($$ SELECT session_lost_at, next_due_at FROM health.agent_status WHERE agent_id = 'a1' $$, $$ VALUES (at(2), at(2)) $$, 'and the agent is judged next');
SELECT is(health_internal.watch_sessions(at(3), false), 0::bigint, 'once');
UPDATE health.agent_sessions SET lost_at = NULL;
UPDATE health.agent_status SET session_lost_at = NULL WHERE agent_id = 'a1';
SELECT is(health_internal.watch_sessions(at(4), true), 0::bigint, 'when the server was restarted nobody is');
SELECT is((SELECT lost_reason FROM health.agent_sessions), 'server_restarted', 'which the session tells too');

SELECT * FROM finish();
ROLLBACK;
