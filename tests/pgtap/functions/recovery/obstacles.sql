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
UPDATE health.recovery_actions SET state = 'claimed' WHERE agent_id = 'g';
SELECT is(health_internal.spent_by_groups(at(2)), '{"web": 1}', 'what is claimed counts once');
UPDATE health.recovery_actions SET state = 'failed', started_at = at(3), finished_at = at(4) WHERE agent_id = 'g';
SELECT is(health_internal.spent_by_groups(at(5)), '{"web": 1}', 'what began counts');
SELECT is(health_internal.spent_by_groups(at(604)), '{}', 'for as long as the window of the budget');

SELECT * FROM finish();
ROLLBACK;
