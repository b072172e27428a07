-- Views of recoveries: each column for a recovery in every state, each step in words, and who may read them.
BEGIN;

SELECT no_plan();

SELECT columns_are(
    'health', 'recovery_backlog',
    '{action_id,agent_id,issue_type,action,state,attempt,created_at,not_before,claimed_by,lease_until,verify_until,step,requested_by,hold,hold_reason,waits_for}'::name [],
    'recovery_backlog has its columns'
);
SELECT columns_are(
    'health', 'recovery_history',
    '{action_id,agent_id,issue_type,state,attempt,requested_by,incident_id,created_at,started_at,finished_at,recovery_seconds,what_happened}'::name [],
    'recovery_history has its columns'
);
SELECT columns_are(
    'health', 'recovery_trail',
    '{agent_id,action_id,recovery_step_id,step,action,parameters,worker,started_at,finished_at,outcome,reason,details}'::name [],
    'recovery_trail has its columns'
);
SELECT signatures_are(
    '{health_internal.step_text}',
    $$
    VALUES
    ('health_internal.step_text(text,jsonb,text,text,jsonb,timestamp with time zone,timestamp with time zone)', 'f', 'sql', 'i', false, 'health_analyst, health_bridge')
    $$
);

-- One step in words.
SELECT rows_are(
    $$
    SELECT v.n, health_internal.step_text(v.action, v.parameters::jsonb, v.outcome, v.reason, v.details::jsonb, at(0), at(v.seconds))
    FROM (VALUES
        (1, 'verify', '{}', 'succeeded', NULL, '{}', 9.0), (2, 'verify', '{}', NULL, NULL, '{}', NULL), (3, 'verify', '{}', 'failed', NULL, '{}', 44.6),
        (4, 'terminate_sessions', '{}', 'succeeded', NULL, '{"ended_pids": []}', 1), (5, 'terminate_sessions', '{}', 'succeeded', NULL, '{"ended_pids": [7]}', 1),
        (6, 'terminate_sessions', '{}', 'succeeded', NULL, '{"ended_pids": [7, 8, 9]}', 1), (7, 'terminate_sessions', '{}', 'failed', 'pid 7 is a person''s', '{}', 2),
        (8, 'restart_agent', '{}', NULL, NULL, '{}', NULL), (9, 'restart_agent', '{}', 'succeeded', NULL, '{}', 3), (10, 'restart_agent', '{}', 'failed', 'exit code 3', '{}', 12.4),
        (11, 'restart_agent', '{}', 'failed', NULL, '{}', 12.4), (12, 'restart_agent', '{}', 'lost', NULL, '{}', 30), (13, 'reload', '{}', 'lost', 'the bridge is gone', '{}', 30),
        (14, 'reload', '{}', 'released', 'ending', '{}', 1), (15, 'reload', '{}', 'refused', NULL, '{}', 1), (16, 'reload', '{}', 'refused', 'not configured', '{}', 1),
        (17, 'run_command', '{"command": "flush"}', 'succeeded', NULL, '{}', 1), (18, 'run_command', '{}', NULL, NULL, '{}', NULL)
    ) AS v (n, action, parameters, outcome, reason, details, seconds)
    ORDER BY 1
    $$,
    $$
    VALUES
    (1, 'verified'), (2, 'is being verified'), (3, 'not verified within 45 s'), (4, 'ended no session: none was stuck'), (5, 'ended 1 session'), (6, 'ended 3 sessions'),
    (7, 'ending sessions failed after 2 s: pid 7 is a person''s'), (8, 'restart under way'), (9, 'restart'), (10, 'restart failed after 12 s: exit code 3'),
    (11, 'restart failed after 12 s'), (12, 'restart lost after 30 s'), (13, 'reload lost after 30 s: the bridge is gone'), (14, 'reload handed back'), (15, 'reload refused'),
    (16, 'reload refused: not configured'), (17, 'command flush'), (18, 'command ? under way')
    $$,
    'each step and outcome in words'
);

-- A recovery in every state.
INSERT INTO health.agents (agent_id, agent_name, tenant)
SELECT v.name, v.name, CASE WHEN v.name < 'd' THEN 'north' ELSE 'south' END
FROM unnest('{backs,cancels,claims,escalates,executes,fails,frozen,free,succeeds,verifies,wordless}'::text []) AS v (name);
INSERT INTO health.recovery_actions (
    action_id, agent_id, issue_type, action, state, attempt, requested_by, incident_id, step, created_at, not_before, hold, hold_reason, released_at,
    claimed_by, lease_until, started_at, step_started_at, verify_until, finished_at, outcome
)
OVERRIDING SYSTEM VALUE VALUES
(101, 'backs', 'agent_unresponsive', 'restart_agent', 'pending', 2, 'engine', 7, 1, at(0), at(20), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}'),
(102, 'frozen', 'high_error_rate', 'reload', 'pending', 1, 'engine', NULL, 2, at(1), at(1), 'freeze', 'frozen until Monday', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}'),
(103, 'free', 'agent_unresponsive', 'restart_agent', 'pending', 1, 'ana', NULL, 1, at(2), at(2), NULL, NULL, at(3), NULL, NULL, NULL, NULL, NULL, NULL, '{}'),
(104, 'claims', 'agent_unresponsive', 'restart_agent', 'claimed', 1, 'engine', NULL, 1, at(3), at(3), NULL, NULL, at(3), 'w1', at(33), at(4), NULL, NULL, NULL, '{}'),
(105, 'executes', 'resource_exhaustion', 'restart_agent', 'executing', 1, 'engine', NULL, 1, at(4), at(4), NULL, NULL, at(4), 'w2', at(34), at(5), at(5), NULL, NULL, '{}'),
(106, 'verifies', 'agent_unresponsive', 'verify', 'verifying', 1, 'engine', NULL, 2, at(5), at(5), NULL, NULL, at(5), 'w1', NULL, at(6), at(8), at(60), NULL, '{}'),
(107, 'succeeds', 'agent_unresponsive', 'verify', 'succeeded', 3, 'ben', 8, 2, at(6), at(6), NULL, NULL, at(6), 'w1', NULL, at(7), NULL, NULL, at(36.5), '{}'),
(108, 'fails', 'agent_unresponsive', 'restart_agent', 'failed', 1, 'engine', NULL, 1, at(7), at(7), NULL, NULL, at(7), 'w1', NULL, at(8), NULL, NULL, at(40), '{}'),
(109, 'escalates', 'performance_degradation', 'restart_agent', 'escalated', 1, 'engine', NULL, 2, at(8), at(8), NULL, NULL, at(8), 'w1', NULL, at(9), NULL, NULL, at(41), '{}'),
(110, 'cancels', 'agent_unresponsive', 'restart_agent', 'cancelled', 1, 'engine', NULL, 1, at(9), at(9), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, at(10), '{"reason": "it recovered by itself"}'),
(111, 'wordless', 'agent_unresponsive', 'restart_agent', 'escalated', 1, 'engine', NULL, 1, at(10), at(10), NULL, 'budget used up', NULL, NULL, NULL, NULL, NULL, NULL, at(11), '{}');
INSERT INTO health.recovery_steps (action_id, step, action, worker, started_at, finished_at, outcome, reason)
VALUES
(107, 1, 'restart_agent', 'w1', at(7), at(9), 'failed', 'exit code 3'), (107, 2, 'reload', 'w1', at(10), at(11), 'succeeded', NULL),
(107, 3, 'verify', 'engine', at(11), at(36), 'succeeded', NULL),
(108, 1, 'restart_agent', 'w1', at(8), at(40), 'lost', NULL), (109, 1, 'restart_agent', 'w1', at(9), at(41), 'failed', NULL);
SET LOCAL TIME ZONE 'UTC';
SELECT rows_are(
    'SELECT action_id, agent_id, issue_type, action, state, attempt, created_at - at(0), not_before - at(0), claimed_by, lease_until - at(0), verify_until - at(0), step, requested_by, hold, hold_reason FROM health.recovery_backlog ORDER BY 1',
    $$
    VALUES
    (101::bigint, 'backs', 'agent_unresponsive', 'restart_agent', 'pending', 2, interval '0 s', interval '20 s', NULL, NULL::interval, NULL::interval, 1, 'engine', NULL, NULL),
    (102, 'frozen', 'high_error_rate', 'reload', 'pending', 1, '1 s', '1 s', NULL, NULL, NULL, 2, 'engine', 'freeze', 'frozen until Monday'),
    (103, 'free', 'agent_unresponsive', 'restart_agent', 'pending', 1, '2 s', '2 s', NULL, NULL, NULL, 1, 'ana', NULL, NULL),
    (104, 'claims', 'agent_unresponsive', 'restart_agent', 'claimed', 1, '3 s', '3 s', 'w1', '33 s', NULL, 1, 'engine', NULL, NULL),
    (105, 'executes', 'resource_exhaustion', 'restart_agent', 'executing', 1, '4 s', '4 s', 'w2', '34 s', NULL, 1, 'engine', NULL, NULL),
    (106, 'verifies', 'agent_unresponsive', 'verify', 'verifying', 1, '5 s', '5 s', 'w1', NULL, '60 s', 2, 'engine', NULL, NULL)
    $$,
    'the backlog: a row for each recovery under way, none for one that is over'
);
SELECT rows_are(
    'SELECT action_id, waits_for FROM health.recovery_backlog ORDER BY 1',
    $$
    VALUES (101::bigint, 'back-off until 2031-05-06 07:00:20+00'), (102, 'frozen until Monday'), (103, 'a bridge'), (104, 'w1 to begin'), (105, 'w2'),
    (106, 'heartbeats until 2031-05-06 07:01:00+00')
    $$,
    'and what each waits for: its time, a brake, a bridge, the bridge that has it, heartbeats'
);
SELECT rows_are(
    'SELECT action_id, agent_id, issue_type, state, attempt, requested_by, incident_id, created_at - at(0), started_at - at(0), finished_at - at(0), recovery_seconds FROM health.recovery_history ORDER BY 1',
    $$
    VALUES
    (101::bigint, 'backs', 'agent_unresponsive', 'pending', 2, 'engine', 7::bigint, interval '0 s', NULL::interval, NULL::interval, NULL::float8),
    (102, 'frozen', 'high_error_rate', 'pending', 1, 'engine', NULL, '1 s', NULL, NULL, NULL),
    (103, 'free', 'agent_unresponsive', 'pending', 1, 'ana', NULL, '2 s', NULL, NULL, NULL),
    (104, 'claims', 'agent_unresponsive', 'claimed', 1, 'engine', NULL, '3 s', '4 s', NULL, NULL),
    (105, 'executes', 'resource_exhaustion', 'executing', 1, 'engine', NULL, '4 s', '5 s', NULL, NULL),
    (106, 'verifies', 'agent_unresponsive', 'verifying', 1, 'engine', NULL, '5 s', '6 s', NULL, NULL),
    (107, 'succeeds', 'agent_unresponsive', 'succeeded', 3, 'ben', 8, '6 s', '7 s', '36.5 s', 30.5),
    (108, 'fails', 'agent_unresponsive', 'failed', 1, 'engine', NULL, '7 s', '8 s', '40 s', NULL),
    (109, 'escalates', 'performance_degradation', 'escalated', 1, 'engine', NULL, '8 s', '9 s', '41 s', NULL),
    (110, 'cancels', 'agent_unresponsive', 'cancelled', 1, 'engine', NULL, '9 s', NULL, '10 s', NULL),
    (111, 'wordless', 'agent_unresponsive', 'escalated', 1, 'engine', NULL, '10 s', NULL, '11 s', NULL)
    $$,
    'the history: every recovery; how long it took counts from its queueing, for those that recovered the agent'
);
SELECT rows_are(
    'SELECT action_id, what_happened FROM health.recovery_history ORDER BY 1',
    $$
    VALUES
    (101::bigint, NULL), (102, 'frozen until Monday'), (103, NULL), (104, NULL), (105, 'restart under way'), (106, 'is being verified'),
    (107, 'restart failed after 2 s: exit code 3; reload; verified'), (108, 'restart lost after 32 s'), (109, 'restart failed after 32 s; a person is asked'),
    (110, 'it recovered by itself'), (111, 'budget used up')
    $$,
    'its steps in their order; where it never had one, why'
);
SELECT rows_are(
    'SELECT action_id, agent_id, step, action, worker, started_at - at(0), finished_at - at(0), outcome, reason FROM health.recovery_trail ORDER BY 1, recovery_step_id',
    $$
    VALUES
    (105::bigint, 'executes', 1, 'restart_agent', 'w2', interval '5 s', NULL::interval, NULL, NULL),
    (106, 'verifies', 2, 'verify', 'engine', '8 s', NULL, NULL, NULL),
    (107, 'succeeds', 1, 'restart_agent', 'w1', '7 s', '9 s', 'failed', 'exit code 3'), (107, 'succeeds', 2, 'reload', 'w1', '10 s', '11 s', 'succeeded', NULL),
    (107, 'succeeds', 3, 'verify', 'engine', '11 s', '36 s', 'succeeded', NULL),
    (108, 'fails', 1, 'restart_agent', 'w1', '8 s', '40 s', 'lost', NULL), (109, 'escalates', 1, 'restart_agent', 'w1', '9 s', '41 s', 'failed', NULL)
    $$,
    'the trail: the steps that ended, and the one that is under way'
);

-- Who reads them, and what a login confined to a tenant sees.
SELECT rows_are(
    $$
    SELECT r.role FROM unnest('{health_admin,health_agent,health_analyst,health_bridge,health_gateway,health_operator,health_rules}'::name []) AS r (role)
    WHERE has_table_privilege(r.role, 'health.recovery_backlog', 'SELECT') OR has_table_privilege(r.role, 'health.recovery_trail', 'SELECT') OR has_table_privilege(r.role, 'health.recovery_history', 'SELECT') ORDER BY 1
    $$,
    $$ VALUES ('health_admin'::name), ('health_analyst'), ('health_bridge'), ('health_operator') $$,
    'analysts, and so operators and administrators, and the bridge read them; agents, gateways and rules do not'
);
SET LOCAL ROLE health_operator;
SELECT is((SELECT count(*) FROM health.recovery_backlog), 6::bigint, 'operators see what is under way');
SELECT throws_ok($$ UPDATE health.recovery_backlog SET hold = NULL $$, '55000', NULL, 'and let nothing go but by approve_recoveries');
SELECT throws_ok($$ UPDATE health.recovery_history SET state = 'succeeded' $$, '55000', NULL, 'nor tell another history');
SET LOCAL ROLE health_analyst;
SELECT is((SELECT count(what_happened) FROM health.recovery_history), 8::bigint, 'analysts read what was done, in words');
SET LOCAL ROLE health_agent;
SELECT throws_ok('SELECT * FROM health.recovery_backlog', '42501', NULL, 'agents do not');
RESET ROLE;
INSERT INTO health.tenant_logins VALUES (session_user, 'north');
SET LOCAL ROLE health_analyst;
SELECT rows_are('SELECT agent_id FROM health.recovery_backlog ORDER BY 1', $$ VALUES ('backs'), ('claims') $$, 'one confined to a tenant sees what is under way for its agents');
SELECT rows_are('SELECT agent_id FROM health.recovery_history ORDER BY 1', $$ VALUES ('backs'), ('cancels'), ('claims') $$, 'and what was done to them');
SELECT is_empty('SELECT * FROM health.recovery_trail', 'step by step');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
