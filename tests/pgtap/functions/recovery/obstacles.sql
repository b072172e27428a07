-- What may stand against a recovery, and which it may concern.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.agents_in_maintenance,
        health_internal.missing_parents,
        health_internal.recoveries_to_judge,
        health_internal.spent_by_groups
    }',
    $$
    VALUES
    ('health_internal.agents_in_maintenance(text[],timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.missing_parents(text[],timestamp with time zone)', 'f', 'sql', 's', false, ''),
    ('health_internal.recoveries_to_judge(timestamp with time zone,boolean,boolean)', 'f', 'plpgsql', 's', false, ''),
    ('health_internal.spent_by_groups(timestamp with time zone)', 'f', 'sql', 's', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, recovery_group) VALUES
('p1', 'p1', NULL), ('p2', 'p2', NULL), ('k1', 'k1', NULL), ('k2', 'k2', NULL), ('m', 'm', NULL), ('g', 'g', 'web'), ('x', 'x', NULL);
INSERT INTO health.agent_status (agent_id, issue_type) SELECT agent_id, CASE WHEN agent_id <> 'p2' THEN 'agent_unresponsive' END FROM health.agents;
INSERT INTO health.dependencies VALUES ('k1', 'p1', NULL), ('k2', 'p1', 'either'), ('k2', 'p2', 'either');
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{k1,k2,p1,nobody}', at(0)) $$, $$ VALUES ('k1', 'p1') $$,
    'a child lacks its dead parent, not one of two');
UPDATE health.agent_status SET issue_type = 'agent_unresponsive' WHERE agent_id = 'p2';
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{k1,k2,x}', at(0)) $$, $$ VALUES ('k1', 'p1'), ('k2', 'p1, p2') $$, 'but both');
UPDATE health.agent_status SET issue_type = NULL WHERE agent_id IN ('p1', 'p2');
SELECT is_empty($$ SELECT * FROM health_internal.missing_parents('{k1,k2,x}', at(0)) $$, 'until they are back');
-- A parent that is late: its verdict is awaited by what has been queued for less than parent_wait.
UPDATE health.agent_status SET liveness = 'late' WHERE agent_id = 'p1';
SELECT is_empty($$ SELECT * FROM health_internal.missing_parents('{k1,k2,x}', at(0)) $$, 'a late parent is missed by nobody who waits for nothing');
INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before) SELECT agent_id, 'agent_unresponsive', at(0), at(0) FROM unnest('{k1,k2}'::text []) AS agent_id;
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{k1,k2,x}', at(59.9)) $$, $$ VALUES ('k1', 'p1') $$, 'a restart waits for its verdict, one of two is enough');
SELECT is_empty($$ SELECT * FROM health_internal.missing_parents('{k1,k2,x}', at(60)) $$, 'for a minute');
UPDATE health.settings SET parent_wait = '0 s';
SELECT is_empty($$ SELECT * FROM health_internal.missing_parents('{k1,k2,x}', at(0)) $$, 'or as long as parent_wait says');
UPDATE health.settings SET parent_wait = '60 s';
DELETE FROM health.recovery_actions;
UPDATE health.agent_status SET liveness = 'alive' WHERE agent_id = 'p1';
INSERT INTO health.maintenance_windows (matchers, starts_at, ends_at, created_by, reason) VALUES ('{}', at(0), at(100), 'ana', '');
INSERT INTO health.maintenance_periods (window_id, agent_id, started_at, until_at) SELECT window_id, 'm', at(0), at(100) FROM health.maintenance_windows;
SELECT is(health_internal.agents_in_maintenance('{m,x}', at(99)), '{m}', 'people work on one');
SELECT is(health_internal.agents_in_maintenance('{m,x}', at(100)), '{}', 'until they are done');
-- Each held by what is named; the first time none is.
CREATE FUNCTION pg_temp.judged(p_is_storm boolean, p_has_room boolean, p_seconds float8 DEFAULT 1) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(agent_id, ' ' ORDER BY agent_id) FROM health.recovery_actions
    WHERE action_id = ANY (health_internal.recoveries_to_judge(at(p_seconds), p_is_storm, p_has_room)));
INSERT INTO health.recovery_actions (agent_id, issue_type, created_at, not_before)
SELECT agent_id, 'agent_unresponsive', at(0), at(0) FROM unnest('{k1,m,g,x}'::text []) AS agent_id;
SELECT is(pg_temp.judged(true, false), 'g k1 m x', 'what is new is judged');
UPDATE health.recovery_actions SET hold = 'storm';
SELECT is(pg_temp.judged(true, false), 'k1 m', 'what a storm holds is not, but for parents and maintenance');
SELECT is(pg_temp.judged(false, false), 'g k1 m x', 'until it is over');
UPDATE health.recovery_actions SET hold = 'concurrency';
SELECT is(pg_temp.judged(false, false), 'g k1 m', 'nor what waits for room, but for a group''s budget too');
SELECT is(pg_temp.judged(false, true), 'g k1 m x', 'until there is room');
SELECT is(pg_temp.judged(true, false), 'g k1 m x', 'or a storm');
UPDATE health.recovery_actions SET hold = 'maintenance';
SELECT is(pg_temp.judged(false, true), 'g k1 x', 'nor what people work on');
SELECT is(pg_temp.judged(false, true, 100), 'g k1 m x', 'until they are done');
SELECT health.add_freeze_window('part', at(0), at(50), 'ana', 'standard');
UPDATE health.recovery_actions SET hold = 'freeze';
SELECT is(pg_temp.judged(true, false), 'g k1 m x', 'a freeze of one class does not speak for all');
SELECT health.add_freeze_window('all', at(0), at(50), 'ana');
SELECT is(pg_temp.judged(true, false), NULL, 'one of all does');
SELECT is(pg_temp.judged(true, false, 50), 'g k1 m x', 'while it lasts');
UPDATE health.recovery_actions SET approved_at = at(1), approved_by = 'ana' WHERE agent_id = 'x';
SELECT is(pg_temp.judged(true, false), 'x', 'but whom a person let go is judged');
UPDATE health.recovery_actions SET hold = NULL;
SELECT is(health_internal.spent_by_groups(at(2)), '{}', 'a group that waits has spent nothing');
UPDATE health.recovery_actions SET released_at = at(2) WHERE agent_id = 'g';
SELECT is(health_internal.spent_by_groups(at(2)), '{"web": 1}', 'what was let go counts');
UPDATE health.recovery_actions SET state = 'claimed', claimed_by = 'w' WHERE agent_id = 'g';
SELECT is(health_internal.spent_by_groups(at(2)), '{"web": 1}', 'what is claimed counts once');
UPDATE health.recovery_actions SET state = 'failed', started_at = at(3), finished_at = at(4) WHERE agent_id = 'g';
SELECT is(health_internal.spent_by_groups(at(5)), '{"web": 1}', 'what began counts');
SELECT is(health_internal.spent_by_groups(at(604)), '{}', 'for as long as the window of the budget');

-- Of those asked about, and while it goes on.
SELECT is(health_internal.agents_in_maintenance('{x}', at(99)), '{}', 'who is not asked about is not named');
UPDATE health.maintenance_periods SET ended_at = at(50);
SELECT is(health_internal.agents_in_maintenance('{m,x}', at(99)), '{}', 'one that was ended early is over');
UPDATE health.recovery_actions SET approved_at = NULL, hold = CASE agent_id WHEN 'm' THEN 'maintenance' END WHERE state = 'pending';
SELECT is(pg_temp.judged(false, true, 60), 'k1 m x', 'and holds nothing; what is over is not judged');
UPDATE health.freeze_windows SET ended_at = at(0), ended_by = 'ana' WHERE window_name = 'all'; UPDATE health.recovery_actions SET hold = 'storm' WHERE state = 'pending';
SELECT is(pg_temp.judged(true, false, 40), 'k1 m x', 'what a storm holds may be frozen since');
UPDATE health.freeze_windows SET ended_at = at(0), ended_by = 'ana' WHERE ended_at IS NULL;
SELECT is(pg_temp.judged(true, false, 60), 'k1', 'a storm that goes on holds what it holds');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(10), at(20), at(80));
SELECT is(pg_temp.judged(true, false, 79.9), 'k1 m x', 'while a monitor gap has not settled all are judged');
SELECT is(pg_temp.judged(true, false, 80), 'k1', 'and then no more');
-- Which parents an agent lacks: each alone, of a group too many; one that is being recovered; nobody else's.
DELETE FROM health.recovery_actions; DELETE FROM health.dependencies; DELETE FROM health.agent_status; DELETE FROM health.agents WHERE agent_id <> 'heartbeat_health_agent';
INSERT INTO health.agents (agent_id, agent_name) SELECT n, n FROM unnest('{dead,well,busy,back,c1,c2,c3,c4,c5,c6}'::text []) AS v (n);
INSERT INTO health.agent_status (agent_id, liveness, issue_type, last_heartbeat_at, grace_seconds, learnt_interval_seconds, unresponsive_intervals)
SELECT agent_id, 'alive', CASE agent_id WHEN 'dead' THEN 'agent_unresponsive' WHEN 'well' THEN 'high_error_rate' END, at(0), 0, 10, 3 FROM health.agents WHERE agent_id <> 'heartbeat_health_agent';
INSERT INTO health.dependencies (child_id, parent_id, redundancy_group, minimum_alive_count) VALUES
('c1', 'dead', NULL, 1), ('c1', 'well', NULL, 1), ('c2', 'dead', 'g', 2), ('c2', 'well', 'g', 2), ('c2', 'back', 'g', 2), ('c3', 'dead', 'g', 2), ('c3', 'well', 'g', 2), ('c3', 'busy', 'g', 2),
('c4', 'busy', NULL, 1), ('c5', 'well', NULL, 1), ('c6', 'dead', 'g', 1), ('c6', 'well', 'g', 1), ('c6', 'stranger', 'h', 1);
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, claimed_by, finished_at) VALUES
('busy', 'agent_unresponsive', 'verifying', at(0), at(0), 'w', NULL), ('well', 'agent_unresponsive', 'pending', at(0), at(0), NULL, NULL), ('back', 'agent_unresponsive', 'succeeded', at(0), at(0), 'w', at(1));
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{c1,c2,c3,c4,c5,c6}', at(100)) ORDER BY 1 $$, $$ VALUES ('c1', 'dead'), ('c3', 'busy, dead, well'), ('c4', 'busy') $$,
    'each parent counts alone, a group by how many are needed; who errs, or waits to be recovered, answers still');
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{c4}', at(100)) $$, $$ VALUES ('c4', 'busy') $$, 'of those asked about');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) VALUES ('back', 'critical', at(50), at(50), at(90));
INSERT INTO health.alerts (incident_id, agent_id, rule, severity, summary, opened_at, resolved_at) SELECT incident_id, agent_id, 'unresponsive', 'critical', 'x', at(50), at(90) FROM health.incidents WHERE agent_id = 'back';
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{c2}', at(119.9)) $$, $$ VALUES ('c2', 'back, dead, well') $$, 'one that came back counts when the child has had time to be heard');
SELECT is_empty($$ SELECT * FROM health_internal.missing_parents('{c2}', at(120)) $$, 'which is its silence');
INSERT INTO health.dependencies (child_id, parent_id) VALUES ('c5', 'back');
SELECT rows_are($$ SELECT * FROM health_internal.missing_parents('{c5}', at(100)) $$, $$ VALUES ('c5', 'back') $$, 'of two parents the one that came back');
-- What a group has spent: by the window of each agent's own policy, begun or on its way.
SELECT health.set_policy('hasty', '{"recovery_budget_window_seconds": 60}');
DELETE FROM health.recovery_actions; DELETE FROM health.dependencies;
UPDATE health.agents SET recovery_group = CASE WHEN agent_id < 'c3' THEN 'web' WHEN agent_id < 'd' THEN 'db' END; UPDATE health.agent_status SET policy_class = 'hasty' WHERE agent_id IN ('c3', 'c4');
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, started_at, released_at, claimed_by, finished_at)
SELECT v.name, 'agent_unresponsive', v.state, at(0), at(0), at(v.started), at(v.released), CASE WHEN v.state IN ('claimed', 'executing') THEN 'w' END, CASE WHEN v.state IN ('failed', 'cancelled') THEN at(999) END
FROM (VALUES ('c1', 'failed', 400.1, 0), ('c1', 'failed', 400, 0), ('c1', 'claimed', NULL, 0), ('c2', 'pending', NULL, 0), ('c2', 'cancelled', NULL, 0), ('c3', 'failed', 940.1, 0), ('c3', 'failed', 940, 0), ('c3', 'failed', 700, 0),
    ('c4', 'executing', 990, 0), ('c5', 'pending', NULL, NULL), ('c6', 'pending', 500, 0), ('dead', 'failed', 990, 0)) AS v (name, state, started, released);
SELECT is(health_internal.spent_by_groups(at(1000)), '{"db": 3, "web": 3}', 'each once');
UPDATE health.recovery_actions SET released_at = NULL WHERE state = 'claimed';
SELECT is(health_internal.spent_by_groups(at(1000)), '{"db": 3, "web": 2}', 'what was not let go is not on its way');

SELECT * FROM finish();
ROLLBACK;
