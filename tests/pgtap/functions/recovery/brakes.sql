-- Brakes: each holds for its reason, visibly, and lets go when it is over.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.apply_brakes
    }',
    $$
    VALUES
    ('health_internal.apply_brakes(timestamp with time zone,text,bigint[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT two_agents();
INSERT INTO health.agents (agent_id, agent_name, expected_interval, recovery_group, revenue_usd_per_hour)
SELECT 'g' || n, 'g' || n, '5 s', 'web', n FROM generate_series(1, 5) AS n;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('p1', 'p1', '5 s'), ('p2', 'p2', '5 s'), ('k1', 'k1', '5 s'), ('k2', 'k2', '5 s');
CREATE FUNCTION pg_temp.all_beat(p_seconds float8, p_pattern text DEFAULT '^[gpk]', p_state text DEFAULT 'running') RETURNS void LANGUAGE sql
AS $$ SELECT beat(agent_id, p_seconds, p_state) FROM health.agents WHERE agent_id ~ p_pattern $$;
CREATE FUNCTION pg_temp.waits(p_pattern text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', agent_id, CASE WHEN released_at IS NOT NULL THEN 'free' ELSE coalesce(hold, 'back-off') END), ', ' ORDER BY agent_id COLLATE "C")
    FROM health.recovery_actions WHERE state = 'pending' AND agent_id ~ p_pattern);
SELECT pg_temp.all_beat(11), pg_temp.all_beat(16), beat('a1', 15); SELECT tick(17);
-- Parents first; of a redundancy group all must be dead.
INSERT INTO health.dependencies VALUES ('k1', 'p1', NULL), ('k2', 'p1', 'either'), ('k2', 'p2', 'either');
SELECT pg_temp.all_beat(18, '^(p1|k)', 'failed'); SELECT tick(18);
SELECT is(pg_temp.waits('^[pk]'), 'k1 parent, k2 free, p1 free', 'a child waits for its dead parent, not for one of two');
SELECT is((SELECT waits_for FROM health.recovery_backlog WHERE agent_id = 'k1'), 'parents first: p1', 'and says so');
SELECT is((SELECT count(*) FROM health.claim_recovery_actions('w', 9, ARRAY['k1'], at(18))), 0::bigint, 'no bridge gets it');
SELECT is((SELECT health.report_recovery_action(action_id, fencing_token, 'succeeded', '{}', at(19)) FROM health.claim_recovery_actions('w', 9, ARRAY['p1'], at(19))), true, 'the parent is restarted');
SELECT tick(19);
SELECT is(pg_temp.waits('^k1'), 'k1 parent', 'which is not yet alive');
SELECT pg_temp.all_beat(20 + 5 * s, '^p1') FROM generate_series(0, 4) AS s; SELECT tick(41);
SELECT is((latest('p1')).state, 'succeeded', 'when it is');
SELECT is(pg_temp.waits('^k1'), 'k1 parent', 'the child is given time to be heard');
SELECT pg_temp.all_beat(41.5, '^k1', 'failed'); SELECT tick(41.6);
SELECT is(pg_temp.waits('^k1'), 'k1 free', 'where it is and still fails, it follows');
SELECT pg_temp.all_beat(42, '^(p|k)', 'failed'); SELECT tick(42);
SELECT is(pg_temp.waits('^k2'), 'k2 parent', 'with both parents dead the other child waits too, though it was let go');
SELECT tick(42 + 901);
SELECT is((latest('k2')).state, 'escalated', 'not for ever');
SELECT is((latest('k2')).outcome ->> 'reason', 'it still lacks its parent: p1, p2', 'a person learns what it lacks');
-- Both fall silent: the child's deadline comes first, its parent is only late.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('q1', 'q1', '5 s'), ('c1', 'c1', '4 s');
INSERT INTO health.dependencies VALUES ('c1', 'q1', NULL);
SELECT pg_temp.all_beat(944 + s, '^[qc]1') FROM generate_series(0, 10, 5) AS s; SELECT tick(955);
SELECT tick(968.9);
SELECT rows_are($$ SELECT agent_id, liveness FROM health.agent_status WHERE agent_id ~ '^[qc]1' ORDER BY agent_id $$, $$ VALUES ('c1', 'unresponsive'), ('q1', 'late') $$, 'a child is out of time before its parent is');
SELECT is(pg_temp.waits('^[qc]'), 'c1 parent', 'and waits for the verdict');
SELECT tick(980);
SELECT is(pg_temp.waits('^[qc]'), 'c1 parent, q1 free', 'which says whom to restart first');
-- Freeze and maintenance, for whoever asks.
SELECT health.add_freeze_window('audit', at(1000), at(1100));
SELECT beat('a1', 950 + 5 * s) FROM generate_series(0, 8) AS s; SELECT tick(991);
SELECT beat('a1', 1000, 'failed'); SELECT tick(1000);
SELECT is(pg_temp.waits('^a1'), 'a1 freeze', 'nothing is restarted in a freeze');
SELECT matches((SELECT waits_for FROM health.recovery_backlog WHERE agent_id = 'a1'), '^freeze "audit" until ', 'which is named');
SELECT ok(health.request_recovery('a2', 'agent_unresponsive', 'ana', at(1001)) > 0, 'a person may ask');
SELECT is(pg_temp.waits('^a2'), 'a2 freeze', 'and waits too');
SELECT is(health.approve_recoveries('ben', ARRAY['a2'], at(1002)), 1::bigint, 'until a person says so');
SELECT tick(1002);
SELECT is(pg_temp.waits('^a'), 'a1 freeze, a2 free', 'this one goes');
SELECT tick(1099);
SELECT is(pg_temp.waits('^a1'), 'a1 freeze', 'the other to the end');
SELECT tick(1100);
SELECT is(pg_temp.waits('^a1'), 'a1 free', 'and no longer; waiting is no fault of a bridge');
SELECT health.add_freeze_window('surprise', at(1101), at(1110));
SELECT is((SELECT count(*) FROM health.claim_recovery_actions('w', 9, ARRAY['a1'], at(1101))), 0::bigint, 'one that began since the tick holds at the claim');
SELECT tick(1102);
SELECT is(pg_temp.waits('^a1'), 'a1 freeze', 'and takes back what was let go');
SELECT health.schedule_maintenance('{"agent_id": "a1"}', at(1110), at(1150), 'ana', 'disk', p_now => at(1110));
SELECT health_internal.act_on_recoveries(at(1111));
SELECT is(pg_temp.waits('^a1'), 'a1 maintenance', 'an agent people work on is left to them');
-- Budgets of a group, the dearest first; then the limit of the fleet.
UPDATE health.settings SET recovery_concurrency = 50;
SELECT pg_temp.all_beat(1200 + 5 * s, '^g') FROM generate_series(0, 3) AS s; SELECT tick(1216);
SELECT pg_temp.all_beat(1217, '^g', 'failed'); SELECT tick(1217);
SELECT is(pg_temp.waits('^g'), 'g3 free, g4 free, g5 free', 'a group has three attempts together, for the dearest');
SELECT rows_are($$ SELECT DISTINCT state, outcome ->> 'reason' FROM health.recovery_actions WHERE agent_id IN ('g1', 'g2') $$,
    $$ VALUES ('escalated', 'the budget of its group "web" is used up') $$, 'for the others a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id IN ('g1', 'g2') AND rule = 'recovery_failed'), 2::bigint, 'by alerts');
SELECT health.set_policy('standard', '{"recovery_budget_count": 1}');
SELECT is((SELECT health.report_recovery_action(action_id, fencing_token, 'failed', '{}', at(1218)) FROM health.claim_recovery_actions('w', 1, ARRAY['g5'], at(1218))), true, 'one fails');
SELECT tick(1219);
SELECT rows_are($$ SELECT (latest('g5')).state, (latest('g5')).outcome ->> 'reason' $$, $$ VALUES ('escalated', 'the budget of attempts is used up') $$, 'its own budget is used up first');
UPDATE health.settings SET recovery_concurrency = 2;
SELECT beat('p2', 1220, 'failed'), beat('k1', 1220, 'failed');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) SELECT 'z' || n, 'z' || n, '5 s', r FROM unnest('{2,3,1}'::integer []) WITH ORDINALITY AS v (r, n);
SELECT pg_temp.all_beat(1215 + 5 * s, '^z') FROM generate_series(0, 1) AS s; SELECT tick(1221);
UPDATE health.settings SET recovery_concurrency = 1 + (SELECT count(*) FROM health.recovery_actions WHERE requested_by = 'engine' AND (state IN ('claimed', 'executing', 'verifying') OR (state = 'pending' AND released_at IS NOT NULL)));
SELECT pg_temp.all_beat(1222, '^z', 'failed'); SELECT tick(1222);
SELECT is(pg_temp.waits('^z'), 'z1 concurrency, z2 free, z3 concurrency', 'only so many run at once, the dearest first');
SELECT is((SELECT health.report_recovery_action(action_id, fencing_token, 'refused', '{}', at(1223)) FROM health.claim_recovery_actions('w', 1, ARRAY['z2'], at(1223))), true, 'when one ends');
SELECT tick(1223);
SELECT is(pg_temp.waits('^z'), 'z1 free, z3 concurrency', 'the next follows');

-- Each brake by itself, asked of the function: who goes (+), who is held and by what, who is a person's (!).
CREATE FUNCTION pg_temp.reset() RETURNS void LANGUAGE sql AS $$
    DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.dependencies; DELETE FROM health.agent_status; DELETE FROM health.agents WHERE agent_id <> 'heartbeat_health_agent'
$$;
CREATE FUNCTION pg_temp.pending(
    p_name text, p_revenue float8 DEFAULT 0, p_group text DEFAULT NULL, p_by text DEFAULT 'engine', p_due float8 DEFAULT 0, p_started float8 DEFAULT NULL,
    p_released float8 DEFAULT NULL, p_state text DEFAULT 'pending', p_approved float8 DEFAULT NULL, p_created float8 DEFAULT 0
) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO health.agents (agent_id, agent_name, recovery_group, revenue_usd_per_hour) VALUES (p_name, p_name, p_group, p_revenue) ON CONFLICT DO NOTHING;
    INSERT INTO health.agent_status (agent_id, liveness, last_heartbeat_at) VALUES (p_name, 'alive', at(20000)) ON CONFLICT DO NOTHING;
    INSERT INTO health.recovery_actions (agent_id, issue_type, state, requested_by, created_at, not_before, started_at, released_at, approved_at, claimed_by, finished_at)
    VALUES (p_name, 'agent_unresponsive', p_state, p_by, at(20000 + p_created), at(20000 + p_due), at(20000 + p_started), at(20000 + p_released), at(20000 + p_approved),
        CASE WHEN p_state IN ('claimed', 'executing', 'verifying') THEN 'w' END, CASE WHEN p_state IN ('failed', 'cancelled') THEN at(20000 + p_due) END)
    RETURNING action_id
$$;
CREATE FUNCTION pg_temp.braked(p_seconds float8 DEFAULT 0, p_storm text DEFAULT NULL, p_pattern text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_released bigint := health_internal.apply_brakes(at(20000 + p_seconds), p_storm, ARRAY(SELECT action_id FROM health.recovery_actions WHERE agent_id ~ p_pattern));
BEGIN
    RETURN v_released || ': ' || (SELECT string_agg(agent_id || CASE state WHEN 'escalated' THEN '!' ELSE coalesce(' ' || hold, CASE WHEN released_at IS NULL THEN '-' ELSE '+' END) END, ', ' ORDER BY agent_id)
        FROM health.recovery_actions WHERE state IN ('pending', 'escalated'));
END $$;
UPDATE health.settings SET recovery_concurrency = 1;
SELECT health.set_policy('standard', '{"recovery_budget_count": 2, "recovery_budget_window_seconds": 600, "recovery_group_budget_count": 2}');
SELECT pg_temp.reset(); SELECT pg_temp.pending('p-runs', p_by => 'ana', p_state => 'executing'), pg_temp.pending('p-waits', p_by => 'ana', p_released => 0), pg_temp.pending('e');
SELECT is(pg_temp.braked(), '1: e+, p-waits+', 'what people asked takes no place of the engine''s');
SELECT pg_temp.reset(); SELECT pg_temp.pending('e-runs', p_state => 'verifying'), pg_temp.pending('e'), pg_temp.pending('p', p_by => 'ana');
SELECT is(pg_temp.braked(), '1: e concurrency, p+', 'and waits for none');
SELECT pg_temp.reset(); SELECT pg_temp.pending('e'), pg_temp.pending('p', 5, p_by => 'ana');
SELECT is(pg_temp.braked(), '2: e+, p+', 'nor takes the turn of one');
SELECT pg_temp.reset(); SELECT pg_temp.pending('e-waits', p_released => 0), pg_temp.pending('e');
SELECT is(pg_temp.braked(), '0: e concurrency, e-waits+', 'what was let go and not claimed yet does');
SELECT pg_temp.reset(); SELECT pg_temp.pending('dear', 9, p_due => 60), pg_temp.pending('cheap'), pg_temp.pending('other', p_created => 1), pg_temp.pending('void', 10, p_state => 'cancelled');
SELECT is(pg_temp.braked(p_pattern => 'dear|cheap|void'), '1: cheap+, dear-, other-', 'who backs off, or is over, takes no turn either; who was not asked of is not judged');
CREATE TEMP TABLE places ON COMMIT DROP AS SELECT agent_id, ctid AS place FROM health.recovery_actions;
SELECT is(pg_temp.braked(59.9), '0: cheap+, dear-, other concurrency', 'back-off lasts');
SELECT rows_are('SELECT agent_id, place = a.ctid FROM places JOIN health.recovery_actions AS a USING (agent_id) ORDER BY 1', $$ VALUES ('cheap', true), ('dear', true), ('other', false), ('void', true) $$, 'what stays as it is is not written');
UPDATE health.settings SET recovery_concurrency = 2;
SELECT is(pg_temp.braked(60), '1: cheap+, dear+, other concurrency', 'to its moment; the dearest goes first');
-- Parents hold what the engine asked and has not begun.
UPDATE health.settings SET recovery_concurrency = 99;
SELECT pg_temp.reset(); SELECT pg_temp.pending('c-engine'), pg_temp.pending('c-person', p_by => 'ana'), pg_temp.pending('c-begun', p_started => -700), pg_temp.pending('c-approved', p_approved => 0);
INSERT INTO health.agents (agent_id, agent_name) VALUES ('root', 'root'); INSERT INTO health.agent_status (agent_id, liveness, issue_type) VALUES ('root', 'unresponsive', 'agent_unresponsive');
INSERT INTO health.dependencies SELECT agent_id, 'root', NULL FROM health.recovery_actions;
SELECT is(pg_temp.braked(), '3: c-approved+, c-begun+, c-engine parent, c-person+', 'a dead parent holds what the engine asked and nobody began');
SELECT is(pg_temp.braked(900), '0: c-approved+, c-begun+, c-engine parent, c-person+', 'for recovery_parent_seconds');
SELECT is(pg_temp.braked(900.1), '0: c-approved+, c-begun+, c-engine!, c-person+', 'and no longer');
-- A monitor gap holds what the engine asked and has not begun, until the agent is heard or the gap settles.
SELECT pg_temp.reset(); SELECT pg_temp.pending('u-child'), pg_temp.pending('u-engine'), pg_temp.pending('u-free', p_released => -1), pg_temp.pending('u-person', p_by => 'ana'), pg_temp.pending('u-begun', p_started => -700), pg_temp.pending('u-approved', p_approved => 0), pg_temp.pending('u-heard');
UPDATE health.agent_status SET last_heartbeat_at = at(19990); UPDATE health.agent_status SET last_heartbeat_at = at(20001) WHERE agent_id = 'u-heard';
INSERT INTO health.agents (agent_id, agent_name) VALUES ('root', 'root'); INSERT INTO health.agent_status (agent_id, liveness, issue_type) VALUES ('root', 'unresponsive', 'agent_unresponsive');
INSERT INTO health.dependencies VALUES ('u-child', 'root', NULL);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(20000), at(20001), at(20061));
SELECT is(pg_temp.braked(1, 'storm: a test', '^u-[^h]'), '3: u-approved+, u-begun+, u-child monitor_gap, u-engine monitor_gap, u-free monitor_gap, u-heard-, u-person+', 'a monitor gap holds what the engine asked for agents not heard since');
SELECT is((SELECT hold_reason FROM health.recovery_actions WHERE agent_id = 'u-engine'), 'not heard since the monitor was blind (engine_stopped); awaited until ' || at(20061), 'and says so');
SELECT is(pg_temp.braked(1, NULL, 'u-heard'), '1: u-approved+, u-begun+, u-child monitor_gap, u-engine monitor_gap, u-free monitor_gap, u-heard+, u-person+', 'not who is heard');
SELECT is(pg_temp.braked(60.9), '0: u-approved+, u-begun+, u-child monitor_gap, u-engine monitor_gap, u-free monitor_gap, u-heard+, u-person+', 'until it settles');
SELECT is(pg_temp.braked(61), '2: u-approved+, u-begun+, u-child parent, u-engine+, u-free+, u-heard+, u-person+', 'then they go, or wait for another reason');
DELETE FROM health.monitor_gaps;
-- A storm holds what is new.
SELECT pg_temp.reset(); SELECT pg_temp.pending('new'), pg_temp.pending('person', p_by => 'ana'), pg_temp.pending('begun', p_started => -700), pg_temp.pending('gone', p_released => -1), pg_temp.pending('approved', p_approved => 0);
SELECT is(pg_temp.braked(0, 'storm: a test'), '3: approved+, begun+, gone+, new storm, person+', 'a storm holds what is new, no more');
SELECT is((SELECT hold_reason FROM health.recovery_actions WHERE agent_id = 'new'), 'storm: a test', 'in its words');
-- Freezes hold everybody of their class.
SELECT health.set_policy('other', '{}');
SELECT pg_temp.reset(); SELECT pg_temp.pending('std', p_by => 'ana', p_started => -1), pg_temp.pending('els', p_by => 'ana', p_started => -1);
UPDATE health.agent_status SET policy_class = 'other' WHERE agent_id = 'els';
SELECT health.add_freeze_window('theirs', at(20000), at(20010), p_policy_class => 'other');
SELECT is(pg_temp.braked(), '1: els freeze, std+', 'a freeze of a class holds that class, begun or not');
SELECT health.add_freeze_window('longer', at(20000), at(20008)), health.add_freeze_window('short', at(20000), at(20005));
UPDATE health.recovery_actions SET released_at = NULL, hold = NULL, hold_reason = NULL;
SELECT is(pg_temp.braked(), '0: els freeze, std freeze', 'one without a class everybody');
SELECT matches(hold_reason, CASE agent_id WHEN 'els' THEN '^freeze "theirs"' ELSE '^freeze "longer"' END, 'the one that lasts longest is named') FROM health.recovery_actions;
SELECT is(pg_temp.braked(8), '1: els freeze, std+', 'each to its own end');
SELECT is(pg_temp.braked(10), '1: els+, std+', 'not beyond it');
DELETE FROM health.freeze_windows;
SELECT is(health_internal.apply_brakes(at(20010), NULL, '{}'), 0::bigint, 'for nobody nothing is done');
UPDATE health.settings SET recovery_concurrency = 1;
SELECT pg_temp.reset(); SELECT pg_temp.pending('bare'), pg_temp.pending('half', 0.5); DELETE FROM health.agents WHERE agent_id = 'bare';
SELECT is(pg_temp.braked(11), '1: bare concurrency, half+', 'an agent of which nothing is written earns nothing');
UPDATE health.settings SET recovery_concurrency = 99;
-- Budgets: of attempts that began in the window, by the engine for what is new.
SELECT pg_temp.reset();
SELECT pg_temp.pending(n, p_started => s, p_state => 'failed') FROM (VALUES ('full', -1), ('full', -599.9), ('aged', -1), ('aged', -600), ('person', -1), ('person', -2), ('begun', -1), ('approved', -1), ('approved', -2)) AS v (n, s);
SELECT pg_temp.pending('full'), pg_temp.pending('aged'), pg_temp.pending('person', p_by => 'ana'), pg_temp.pending('begun', p_started => -0.5), pg_temp.pending('approved', p_approved => 0);
SELECT is(pg_temp.braked(p_pattern => 'full|aged|person|begun|approved'), '3: aged+, approved!, begun+, full!, person+', 'a budget counts attempts begun within its window; it asks nothing of what a person asked or what has begun, and approval does not lift it');
SELECT is((SELECT DISTINCT outcome ->> 'reason' FROM health.recovery_actions WHERE state = 'escalated'), 'the budget of attempts is used up', 'which is said');
UPDATE health.settings SET recovery_concurrency = 1;
SELECT pg_temp.reset(); SELECT pg_temp.pending('dear', 9, p_started => s, p_state => 'failed') FROM (VALUES (-1), (-2)) AS v (s); SELECT pg_temp.pending('dear', 9), pg_temp.pending('cheap');
SELECT is(pg_temp.braked(), '1: cheap+, dear!', 'who is a person''s takes no turn');
UPDATE health.settings SET recovery_concurrency = 99;
-- Budgets of a group: what its own budget or another brake stops uses none of it.
SELECT health.set_policy('standard', '{"recovery_budget_count": 1}');
SELECT pg_temp.reset(); SELECT pg_temp.pending('dear', 9, 'web', p_started => -1, p_state => 'failed'); SELECT pg_temp.pending('dear', 9, 'web'), pg_temp.pending('cheap', 0, 'web');
SELECT is(pg_temp.braked(), '1: cheap+, dear!', 'one attempt of two was used, the other is for who may have it');
SELECT pg_temp.reset(); SELECT pg_temp.pending('a', 9, 'web'), pg_temp.pending('b', 8, 'web'), pg_temp.pending('c', 7, 'web'), pg_temp.pending('d', 6);
INSERT INTO health.agents (agent_id, agent_name) VALUES ('root', 'root'); INSERT INTO health.agent_status (agent_id, liveness, issue_type) VALUES ('root', 'unresponsive', 'agent_unresponsive');
INSERT INTO health.dependencies VALUES ('a', 'root', NULL);
SELECT is(pg_temp.braked(), '3: a parent, b+, c+, d+', 'who waits for his parent leaves it to the others of his group');
SELECT pg_temp.reset(); SELECT pg_temp.pending('a', 9, 'web'), pg_temp.pending('b', 8, 'web'), pg_temp.pending('c', 7, 'web'), pg_temp.pending('d', 6), pg_temp.pending('w', 1, 'db');
UPDATE health.settings SET recovery_concurrency = 3;
SELECT is(pg_temp.braked(), '3: a+, b+, c!, d+, w concurrency', 'the third of a group is a person''s and takes no turn; who has no group has no such budget, another group its own');

SELECT * FROM finish();
ROLLBACK;
