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

CREATE FUNCTION pg_temp.beat(p_seconds float8, p_state text DEFAULT 'running', p_agent_id text DEFAULT 'a1')
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, received_at, state)
    VALUES (p_agent_id, at(p_seconds), p_state)
$$;
CREATE FUNCTION pg_temp.tick(p_seconds float8)
RETURNS bigint
LANGUAGE sql
RETURN (health.tick(at(p_seconds), true)).recoveries_queued;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '5 s'), ('a2', 'a2', '1 h');
SELECT pg_temp.beat(s), pg_temp.beat(s, 'running', 'a2') FROM (VALUES (0), (5), (10)) AS t (s);
SELECT pg_temp.tick(11);
INSERT INTO health.agents (agent_id, agent_name, expected_interval, recovery_group, revenue_usd_per_hour)
SELECT 'g' || n, 'g' || n, '5 s', 'web', n FROM generate_series(1, 5) AS n;
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('p1', 'p1', '5 s'), ('p2', 'p2', '5 s'), ('k1', 'k1', '5 s'), ('k2', 'k2', '5 s');
CREATE FUNCTION pg_temp.all_beat(p_seconds float8, p_pattern text DEFAULT '^[gpk]', p_state text DEFAULT 'running') RETURNS void LANGUAGE sql
AS $$ SELECT pg_temp.beat(p_seconds, p_state, agent_id) FROM health.agents WHERE agent_id ~ p_pattern $$;
CREATE FUNCTION pg_temp.waits(p_pattern text) RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(concat_ws(' ', agent_id, CASE WHEN released_at IS NOT NULL THEN 'free' ELSE coalesce(hold, 'back-off') END), ', ' ORDER BY agent_id COLLATE "C")
    FROM health.recovery_actions WHERE state = 'pending' AND agent_id ~ p_pattern);
SELECT pg_temp.all_beat(11), pg_temp.all_beat(16), pg_temp.beat(15); SELECT pg_temp.tick(17);
-- Parents first; of a redundancy group all must be dead.
INSERT INTO health.dependencies VALUES ('k1', 'p1', NULL), ('k2', 'p1', 'either'), ('k2', 'p2', 'either');
SELECT pg_temp.all_beat(18, '^(p1|k)', 'failed'); SELECT pg_temp.tick(18);
SELECT is(pg_temp.waits('^[pk]'), 'k1 parent, k2 free, p1 free', 'a child waits for its dead parent, not for one of two');
SELECT is((SELECT waits_for FROM health.recovery_backlog WHERE agent_id = 'k1'), 'parents first: p1', 'and says so');
SELECT is((SELECT count(*) FROM health.claim_recovery_actions('w', 9, ARRAY['k1'], at(18))), 0::bigint, 'no bridge gets it');
SELECT is((SELECT health.report_recovery_action(action_id, fencing_token, 'succeeded', '{}', at(19)) FROM health.claim_recovery_actions('w', 9, ARRAY['p1'], at(19))), true, 'the parent is restarted');
SELECT pg_temp.tick(19);
SELECT is(pg_temp.waits('^k1'), 'k1 parent', 'which is not yet alive');
SELECT pg_temp.all_beat(20 + 5 * s, '^p1') FROM generate_series(0, 4) AS s; SELECT pg_temp.tick(41);
SELECT is((latest('p1')).state, 'succeeded', 'when it is');
SELECT is(pg_temp.waits('^k1'), 'k1 parent', 'the child is given time to be heard');
SELECT pg_temp.all_beat(41.5, '^k1', 'failed'); SELECT pg_temp.tick(41.6);
SELECT is(pg_temp.waits('^k1'), 'k1 free', 'where it is and still fails, it follows');
SELECT pg_temp.all_beat(42, '^(p|k)', 'failed'); SELECT pg_temp.tick(42);
SELECT is(pg_temp.waits('^k2'), 'k2 parent', 'with both parents dead the other child waits too, though it was let go');
SELECT pg_temp.tick(42 + 901);
SELECT is((latest('k2')).state, 'escalated', 'not for ever');
SELECT is((latest('k2')).outcome ->> 'reason', 'it still lacks its parent: p1, p2', 'a person learns what it lacks');
-- Both fall silent: the child's deadline comes first, its parent is only late.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('q1', 'q1', '5 s'), ('c1', 'c1', '4 s');
INSERT INTO health.dependencies VALUES ('c1', 'q1', NULL);
SELECT pg_temp.all_beat(944 + s, '^[qc]1') FROM generate_series(0, 10, 5) AS s; SELECT pg_temp.tick(955);
SELECT pg_temp.tick(968.9);
SELECT rows_are($$ SELECT agent_id, liveness FROM health.agent_status WHERE agent_id ~ '^[qc]1' ORDER BY agent_id $$, $$ VALUES ('c1', 'unresponsive'), ('q1', 'late') $$, 'a child is out of time before its parent is');
SELECT is(pg_temp.waits('^[qc]'), 'c1 parent', 'and waits for the verdict');
SELECT pg_temp.tick(980);
SELECT is(pg_temp.waits('^[qc]'), 'c1 parent, q1 free', 'which says whom to restart first');
-- Freeze and maintenance, for whoever asks.
SELECT health.add_freeze_window('audit', at(1000), at(1100));
SELECT pg_temp.beat(950 + 5 * s) FROM generate_series(0, 8) AS s; SELECT pg_temp.tick(991);
SELECT pg_temp.beat(1000, 'failed'); SELECT pg_temp.tick(1000);
SELECT is(pg_temp.waits('^a1'), 'a1 freeze', 'nothing is restarted in a freeze');
SELECT matches((SELECT waits_for FROM health.recovery_backlog WHERE agent_id = 'a1'), '^freeze "audit" until ', 'which is named');
SELECT ok(health.request_recovery('a2', 'agent_unresponsive', 'ana', at(1001)) > 0, 'a person may ask');
SELECT is(pg_temp.waits('^a2'), 'a2 freeze', 'and waits too');
SELECT is(health.approve_recoveries('ben', ARRAY['a2'], at(1002)), 1::bigint, 'until a person says so');
SELECT pg_temp.tick(1002);
SELECT is(pg_temp.waits('^a'), 'a1 freeze, a2 free', 'this one goes');
SELECT pg_temp.tick(1099);
SELECT is(pg_temp.waits('^a1'), 'a1 freeze', 'the other to the end');
SELECT pg_temp.tick(1100);
SELECT is(pg_temp.waits('^a1'), 'a1 free', 'and no longer; waiting is no fault of a bridge');
SELECT health.add_freeze_window('surprise', at(1101), at(1110));
SELECT is((SELECT count(*) FROM health.claim_recovery_actions('w', 9, ARRAY['a1'], at(1101))), 0::bigint, 'one that began since the tick holds at the claim');
SELECT pg_temp.tick(1102);
SELECT is(pg_temp.waits('^a1'), 'a1 freeze', 'and takes back what was let go');
SELECT health.schedule_maintenance('{"agent_id": "a1"}', at(1110), at(1150), 'ana', 'disk', p_now => at(1110));
SELECT health_internal.act_on_recoveries(at(1111));
SELECT is(pg_temp.waits('^a1'), 'a1 maintenance', 'an agent people work on is left to them');
-- Budgets of a group, the dearest first; then the limit of the fleet.
UPDATE health.settings SET recovery_concurrency = 50;
SELECT pg_temp.all_beat(1200 + 5 * s, '^g') FROM generate_series(0, 3) AS s; SELECT pg_temp.tick(1216);
SELECT pg_temp.all_beat(1217, '^g', 'failed'); SELECT pg_temp.tick(1217);
SELECT is(pg_temp.waits('^g'), 'g3 free, g4 free, g5 free', 'a group has three attempts together, for the dearest');
SELECT rows_are($$ SELECT DISTINCT state, outcome ->> 'reason' FROM health.recovery_actions WHERE agent_id IN ('g1', 'g2') $$,
    $$ VALUES ('escalated', 'the budget of its group "web" is used up') $$, 'for the others a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id IN ('g1', 'g2') AND rule = 'recovery_failed'), 2::bigint, 'by alerts');
SELECT health.set_policy('standard', '{"recovery_budget_count": 1}');
SELECT is((SELECT health.report_recovery_action(action_id, fencing_token, 'failed', '{}', at(1218)) FROM health.claim_recovery_actions('w', 1, ARRAY['g5'], at(1218))), true, 'one fails');
SELECT pg_temp.tick(1219);
SELECT rows_are($$ SELECT (latest('g5')).state, (latest('g5')).outcome ->> 'reason' $$, $$ VALUES ('escalated', 'the budget of attempts is used up') $$, 'its own budget is used up first');
UPDATE health.settings SET recovery_concurrency = 2;
SELECT pg_temp.beat(1220, 'failed', 'p2'), pg_temp.beat(1220, 'failed', 'k1');
INSERT INTO health.agents (agent_id, agent_name, expected_interval, revenue_usd_per_hour) SELECT 'z' || n, 'z' || n, '5 s', r FROM unnest('{2,3,1}'::integer []) WITH ORDINALITY AS v (r, n);
SELECT pg_temp.all_beat(1215 + 5 * s, '^z') FROM generate_series(0, 1) AS s; SELECT pg_temp.tick(1221);
UPDATE health.settings SET recovery_concurrency = 1 + (SELECT count(*) FROM health.recovery_actions WHERE requested_by = 'engine' AND (state IN ('claimed', 'executing', 'verifying') OR (state = 'pending' AND released_at IS NOT NULL)));
SELECT pg_temp.all_beat(1222, '^z', 'failed'); SELECT pg_temp.tick(1222);
SELECT is(pg_temp.waits('^z'), 'z1 concurrency, z2 free, z3 concurrency', 'only so many run at once, the dearest first');
SELECT is((SELECT health.report_recovery_action(action_id, fencing_token, 'refused', '{}', at(1223)) FROM health.claim_recovery_actions('w', 1, ARRAY['z2'], at(1223))), true, 'when one ends');
SELECT pg_temp.tick(1223);
SELECT is(pg_temp.waits('^z'), 'z1 free, z3 concurrency', 'the next follows');

SELECT * FROM finish();
ROLLBACK;
