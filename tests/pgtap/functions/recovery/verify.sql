-- Time: leases run out, steps take too long, heartbeats prove.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.rescue_recoveries,
        health_internal.run_own_steps,
        health_internal.verify_recoveries
    }',
    $$
    VALUES
    ('health_internal.rescue_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.run_own_steps(timestamp with time zone)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.verify_recoveries(timestamp with time zone)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT two_agents();
SELECT beat('a1', 12, 'failed'); SELECT tick(12);
CREATE TEMP TABLE claimed ON COMMIT DROP AS SELECT * FROM health.claim_recovery_actions('w1', 10, NULL, at(13));
SELECT tick(43); SELECT is((latest()).state, 'claimed', 'the lease still holds');
SELECT tick(44); SELECT is((latest()).state, 'pending', 'a lost lease goes back to the queue');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(45)), false, 'the old token is fenced off') FROM claimed;
TRUNCATE claimed; INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, at(45));
SELECT health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(45)) FROM claimed;
SELECT tick(76);
SELECT is((latest()).state, 'verifying', 'a bridge lost while executing: nobody knows how far it came, heartbeats tell');
SELECT is(health.report_recovery_action(action_id, fencing_token, 'succeeded', '{}', at(77)), false, 'its late report changes nothing') FROM claimed;
SELECT beat('a1', 78); SELECT tick(79);
SELECT is((latest()).state, 'verifying', 'one good heartbeat is no proof');
SELECT beat('a1', 78.1), beat('a1', 78.2), beat('a1', 78.3); SELECT tick(79.5);
SELECT is((latest()).state, 'verifying', 'nor are many of one moment');
SELECT beat('a1', 83); SELECT tick(83); SELECT beat('a1', 88); SELECT tick(88); SELECT beat('a1', 93); SELECT tick(93);
SELECT is((latest()).state, 'succeeded', 'some at their pace are');
SELECT is(story(), 'restart lost after 31 s: its bridge went silent; verified', 'told as it was');
-- Too slow, though its bridge still holds it.
SELECT beat('a1', 100, 'failed'); SELECT tick(100); SELECT tick(104);
TRUNCATE claimed; INSERT INTO claimed SELECT * FROM health.claim_recovery_actions('w2', 10, NULL, at(104));
SELECT health.report_recovery_action(action_id, fencing_token, 'executing', '{}', at(104)) FROM claimed;
SELECT health.renew_lease('recovery', action_id, fencing_token, at(s)) FROM claimed, unnest(ARRAY[120, 145, 170, 195, 220]) AS s;
SELECT tick(224); SELECT is((latest()).state, 'executing', 'until recovery_execution_seconds');
SELECT tick(225); SELECT is((latest()).state, 'failed', 'and no longer');
SELECT is((latest()).outcome ->> 'reason', 'it took too long', 'which is said');
SELECT is(health.renew_lease('recovery', action_id, fencing_token, at(226)), false, 'the bridge learns it when it renews') FROM claimed;
SELECT tick(226);
SELECT is((latest()).not_before, at(250), 'the next attempt waits until that lease has run out for certain');
-- Not verified in time.
SELECT tick(250); SELECT report(251, 'succeeded'); SELECT tick(251);
SELECT is((latest()).state, 'verifying', 'it is done');
SELECT tick(310);
SELECT is((latest()).state, 'failed', 'without heartbeats it has failed');
SELECT matches(story(), '^restart; not verified within [0-9]+ s$', 'in words');
-- Strategies that begin with the database's own steps.
SELECT health.set_recovery_strategy('standard', 'agent_unresponsive', '[{"action": "verify"}, {"action": "escalate"}]');
SELECT health.request_recovery('a2', 'agent_unresponsive', 'ana', at(320)); SELECT tick(320);
SELECT rows_are($$ SELECT (latest('a2')).state, (latest('a2')).step $$, $$ VALUES ('verifying', 1) $$, 'watching needs no bridge');
SELECT health.set_recovery_strategy('standard', 'high_error_rate', '[{"action": "escalate"}]');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a3', 'a3', '5 s');
SELECT beat('a3', s) FROM (VALUES (311), (316), (321)) AS t (s); SELECT tick(322);
SELECT beat('a3', 323, 'error'); SELECT tick(323);
SELECT rows_are($$ SELECT (latest('a3')).state, (latest('a3')).outcome ->> 'reason' $$, $$ VALUES ('escalated', 'its strategy asks a person') $$, 'nor does asking a person');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'a3' AND rule = 'recovery_failed'), 1::bigint, 'at once');

-- Three beats, however long two of them take.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('b1', 'b1', '5 s');
SELECT beat('b1', s) FROM (VALUES (400), (405), (410)) AS t (s); SELECT tick(411);
SELECT beat('b1', 412, 'failed'); SELECT tick(412);
SELECT health.report_recovery_action(action_id, fencing_token, 'succeeded', '{}', at(413)) FROM health.claim_recovery_actions('w1', 9, ARRAY['b1'], at(413));
SELECT beat('b1', s) FROM (VALUES (414), (421.9)) AS t (s); SELECT tick(422);
SELECT is((latest('b1')).state, 'verifying', 'two good heartbeats over two intervals are no proof');
SELECT beat('b1', 426); SELECT tick(426.1);
SELECT is((latest('b1')).state, 'succeeded', 'the third is');
-- Whose sessions are stuck has proven nothing.
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, claimed_by, started_at, executed_at, beats_before, verify_until)
VALUES ('b1', 'database_connectivity', 'verifying', at(427), at(427), 'w', at(400), at(410), 0, at(600));
INSERT INTO health.stuck_sessions VALUES (1, now(), 'b1', 'x', 'blocks_others', now(), 2, now());
SELECT health_internal.verify_recoveries(at(428)); SELECT is((latest('b1')).state, 'verifying', 'beats do not speak for sessions');
DELETE FROM health.stuck_sessions;
UPDATE health.agent_status SET issue_type = 'resource_exhaustion' WHERE agent_id = 'b1';
SELECT health_internal.verify_recoveries(at(428)); SELECT is((latest('b1')).state, 'verifying', 'nor for an agent that still has an issue');
UPDATE health.agent_status SET issue_type = NULL, state = 'error' WHERE agent_id = 'b1';
SELECT health_internal.verify_recoveries(at(428)); SELECT is((latest('b1')).state, 'verifying', 'or says that it is in error');
UPDATE health.agent_status SET state = 'running', liveness = 'late' WHERE agent_id = 'b1';
SELECT health_internal.verify_recoveries(at(428)); SELECT is((latest('b1')).state, 'verifying', 'or is late again');
UPDATE health.agent_status SET liveness = 'alive' WHERE agent_id = 'b1';
SELECT health_internal.verify_recoveries(at(428)); SELECT is((latest('b1')).state, 'succeeded', 'when they are gone beats do');

-- A recovery that ends each bridge that takes it is bounded, wherever it ends it.
CREATE FUNCTION pg_temp.kill_bridges(p_agent_id text, p_from float8, p_until float8, p_begins boolean) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_claim record;
    v_claims bigint := 0;
BEGIN
    -- A bridge that starts again each second: it ticks, claims, begins or not, and dies.
    FOR v_second IN ceil(p_from)::integer .. floor(p_until)::integer LOOP
        PERFORM health_internal.act_on_recoveries(at(v_second));
        FOR v_claim IN SELECT * FROM health.claim_recovery_actions('bridge:one', 9, ARRAY[p_agent_id], at(v_second)) LOOP
            v_claims := v_claims + 1;
            IF p_begins THEN
                PERFORM health.report_recovery_action(v_claim.action_id, v_claim.fencing_token, 'executing', '{}', at(v_second));
            END IF;
        END LOOP;
    END LOOP;
    RETURN v_claims;
END
$$;
SELECT health.set_recovery_strategy('standard', 'agent_unresponsive', '[{"action": "restart_agent"}, {"action": "verify"}]');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('c1', 'c1', '5 s'), ('c2', 'c2', '5 s');
SELECT beat('c1', s) FROM (VALUES (500), (505), (510)) AS t (s); SELECT tick(511);
SELECT beat('c1', 512, 'failed'); SELECT tick(512);
SELECT is(pg_temp.kill_bridges('c1', 513, 900, false), 3::bigint, 'it is claimed as often as the budget allows attempts');
SELECT rows_are($$ SELECT state, outcome ->> 'reason', outcome -> 'lost_claims', told_at IS NOT NULL FROM health.recovery_actions WHERE agent_id = 'c1' $$,
    $$ VALUES ('escalated', 'each time its bridge went silent before it began', '3'::jsonb, true) $$, 'then a person is asked');
SELECT is((SELECT count(*) FROM health.open_alerts WHERE agent_id = 'c1' AND rule = 'recovery_failed'), 1::bigint, 'by an alert');
SELECT beat('c2', s) FROM (VALUES (900), (905), (910)) AS t (s); SELECT tick(911);
SELECT beat('c2', 912, 'failed'); SELECT tick(912);
SELECT is(pg_temp.kill_bridges('c2', 913, 1500, true), 3::bigint, 'what it begins counts in the budget: three in ten minutes');
SELECT rows_are($$ SELECT steps.outcome, count(*) FROM health.recovery_steps AS steps JOIN health.recovery_actions AS actions USING (action_id)
    WHERE actions.agent_id = 'c2' AND steps.action = 'restart_agent' GROUP BY 1 $$, $$ VALUES ('lost', 3) $$, 'each is told as lost');
SELECT rows_are($$ SELECT (latest('c2')).state, (latest('c2')).outcome ->> 'reason', (latest('c2')).told_at IS NOT NULL $$,
    $$ VALUES ('escalated', 'the budget of attempts is used up', true) $$, 'then a person is asked');
-- What is proof, case by case: done at 1000, three beats 10 s apart are asked, so 16 s at least must lie between.
DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.agent_status;
CREATE FUNCTION pg_temp.case_of(
    p_name text, p_last float8, p_beats bigint, p_run float8, p_run_before float8, p_interval float8 DEFAULT 10, p_state text DEFAULT 'verifying'
)
RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO health.agent_status (agent_id, liveness, state, last_heartbeat_at, beat_count, run_started_at, learnt_interval_seconds)
    VALUES (p_name, 'alive', 'running', at(p_last), 100 + p_beats, at(p_run), p_interval);
    INSERT INTO health.recovery_actions (agent_id, issue_type, state, step, created_at, not_before, claimed_by, started_at, executed_at, beats_before, run_before, verify_until)
    VALUES (p_name, 'agent_unresponsive', p_state, 2, at(990), at(990), 'w', at(991), at(1000), 100, at(p_run_before), at(1100))
$$;
SELECT pg_temp.case_of('exact', 1016, 3, 900, 900), pg_temp.case_of('short', 1015.9, 3, 900, 900), pg_temp.case_of('few', 1050, 2, 900, 900),
    pg_temp.case_of('new-run', 1026, 3, 1010, 900), pg_temp.case_of('new-run-short', 1025.9, 3, 1010, 900), pg_temp.case_of('new-run-early', 1010, 3, 990, 900),
    pg_temp.case_of('same-run', 1016, 3, 1010, 1010), pg_temp.case_of('mute', NULL, 3, 900, 900), pg_temp.case_of('no-interval', 1050, 3, 900, 900, NULL),
    pg_temp.case_of('claimed', 1050, 3, 900, 900, 10, 'claimed'), pg_temp.case_of('executing', 1050, 3, 900, 900, 10, 'executing'), pg_temp.case_of('moment', 1000, 1, 900, 900);
INSERT INTO health.stuck_sessions VALUES (1, now(), 'mute', 'x', 'blocks_others', now(), 2, now());
SELECT health_internal.verify_recoveries(at(1060));
SELECT rows_are(
    'SELECT agent_id, state FROM health.recovery_actions ORDER BY agent_id',
    $$
    VALUES ('claimed', 'claimed'), ('exact', 'succeeded'), ('executing', 'executing'), ('few', 'verifying'), ('moment', 'verifying'), ('mute', 'verifying'),
    ('new-run', 'succeeded'), ('new-run-early', 'verifying'), ('new-run-short', 'verifying'), ('no-interval', 'verifying'), ('same-run', 'succeeded'), ('short', 'verifying')
    $$,
    'of a new run its time counts, else from the end of the step; who never spoke has proven nothing; the stuck session of another is his'
);
SELECT health.set_policy('standard', '{"verify_beats": 1}');
SELECT health_internal.verify_recoveries(at(1060));
SELECT is((latest('moment')).state, 'verifying', 'a beat of the very moment may have been before the step');
SELECT is((latest('new-run-early')).state, 'succeeded', 'one after it is enough where one is asked');
SELECT health_internal.verify_recoveries(at(1100));
SELECT is((latest('mute')).state, 'verifying', 'until verify_until');
SELECT health_internal.verify_recoveries(at(1100.1));
SELECT is((latest('mute')).state, 'failed', 'and no longer');
-- What the monitor did not see it holds against nobody.
DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.agent_status;
SELECT pg_temp.case_of('blind', 1000, 0, 900, 900);
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('server_restarted', at(1090), at(1140), at(1200));
SELECT health_internal.verify_recoveries(at(1199.9)); SELECT is((latest('blind')).state, 'verifying', 'no verification fails before a gap has settled');
SELECT health_internal.verify_recoveries(at(1200)); SELECT is((latest('blind')).state, 'failed', 'then the time it was blind is added');
UPDATE health.recovery_actions SET state = 'verifying', finished_at = NULL, verify_until = at(1151);
SELECT health_internal.verify_recoveries(at(1201)); SELECT is((latest('blind')).state, 'verifying', 'to the second');
SELECT health_internal.verify_recoveries(at(1201.1)); SELECT is((latest('blind')).state, 'failed', 'and no more');
UPDATE health.recovery_actions SET state = 'verifying', finished_at = NULL, executed_at = at(1140), verify_until = at(1205);
SELECT health_internal.verify_recoveries(at(1205.1)); SELECT is((latest('blind')).state, 'failed', 'nor time before the step was done');
DELETE FROM health.monitor_gaps;
-- Leases and time-outs, state by state, at the moment and after it.
DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.stuck_sessions;
CREATE FUNCTION pg_temp.states() RETURNS text LANGUAGE sql
RETURN (SELECT string_agg(agent_id || ' ' || state, ', ' ORDER BY agent_id) FROM health.recovery_actions);
INSERT INTO health.agent_status (agent_id, liveness) SELECT name, 'alive' FROM unnest('{l-claimed,l-executing,l-verifying,t-executing,t-verifying,over}'::text []) AS n (name);
INSERT INTO health.recovery_actions (agent_id, issue_type, state, step, created_at, not_before, released_at, claimed_by, fencing_token, lease_until, execute_until, verify_until, started_at, finished_at)
SELECT v.name, 'agent_unresponsive', v.state, v.step, at(0), at(0), at(0), 'w1', 5, at(v.lease), at(v.execute), at(9000), at(1), at(v.finished)
FROM (VALUES ('l-claimed', 'claimed', 1, 100, NULL, NULL), ('l-executing', 'executing', 1, 100, NULL, NULL), ('l-verifying', 'verifying', 2, 100, NULL, NULL),
    ('t-executing', 'executing', 1, 200, 100, NULL), ('t-verifying', 'verifying', 2, 200, 100, NULL), ('over', 'succeeded', 2, 100, 100, 90)) AS v (name, state, step, lease, execute, finished);
SELECT health_internal.rescue_recoveries(at(100));
SELECT is(pg_temp.states(), 'l-claimed claimed, l-executing executing, l-verifying verifying, over succeeded, t-executing executing, t-verifying verifying', 'at their end leases and time-outs still hold');
SELECT health_internal.rescue_recoveries(at(100.5));
SELECT is(pg_temp.states(), 'l-claimed pending, l-executing verifying, l-verifying verifying, over succeeded, t-executing failed, t-verifying verifying', 'then claimed goes back, executing is verified, what took too long has failed; nothing else is touched');
SELECT rows_are(
    $$ SELECT claimed_by, fencing_token > 5, lease_until, not_before, released_at, outcome FROM health.recovery_actions WHERE agent_id = 'l-claimed' $$,
    $$ VALUES (NULL::text, true, NULL::timestamptz, at(100.5), at(100.5), '{"lost_claims": 1}'::jsonb) $$, 'what goes back is nobody''s, at once to be had, and says why'
);
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE fencing_token = 5 AND agent_id IN ('l-verifying', 't-verifying', 'over')), 3::bigint, 'what is verified or over keeps its token');
SELECT rows_are(
    $$ SELECT agent_id, lease_until, execute_until FROM health.recovery_actions WHERE agent_id IN ('l-executing', 't-executing') ORDER BY 1 $$,
    $$ VALUES ('l-executing', NULL::timestamptz, NULL::timestamptz), ('t-executing', at(200), NULL) $$, 'a lease that still runs is remembered, for nothing may begin before its end'
);
-- The engine's own steps: what is due and let go, of its kinds.
DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions;
INSERT INTO health.agent_status (agent_id, liveness) SELECT name, 'alive' FROM unnest('{ask,ask-held,ask-later,restart,sessions,watch,watched}'::text []) AS n (name);
INSERT INTO health.recovery_actions (agent_id, issue_type, action, state, step, strategy, created_at, not_before, released_at, claimed_by, verify_until)
SELECT v.name, 'agent_unresponsive', v.action, CASE v.name WHEN 'watched' THEN 'verifying' ELSE 'pending' END, v.step, v.strategy::jsonb, at(0), at(v.due), at(v.released), CASE v.name WHEN 'watched' THEN 'w' END, at(9000)
FROM (VALUES ('ask', 'escalate', 1, '[{"action": "escalate"}]', 50, 0), ('ask-held', 'escalate', 1, '[{"action": "escalate"}]', 50, NULL), ('ask-later', 'escalate', 1, '[{"action": "escalate"}]', 50.5, 0),
    ('restart', 'restart_agent', 1, '[{"action": "restart_agent"}]', 50, 0), ('sessions', 'terminate_sessions', 1, '[{"action": "terminate_sessions"}, {"action": "verify"}]', 50, 0),
    ('watch', 'verify', 1, '[{"action": "verify"}, {"action": "escalate"}]', 50, 0), ('watched', 'reload', 2, '[{"action": "reload"}, {"action": "verify"}]', 0, 0)) AS v (name, action, step, strategy, due, released);
SELECT health_internal.run_own_steps(at(50));
SELECT is(pg_temp.states(), 'ask escalated, ask-held pending, ask-later pending, restart pending, sessions verifying, watch verifying, watched verifying', 'what is due and let go, and needs no bridge, is done');
SELECT rows_are(
    'SELECT agent_id, step, started_at FROM health.recovery_actions WHERE step <> 1 OR started_at IS NOT NULL ORDER BY 1',
    $$ VALUES ('sessions', 2, at(50)), ('watch', 1, at(50)), ('watched', 2, NULL::timestamptz) $$, 'each for itself'
);
SELECT rows_are(
    $$ SELECT agent_id, action, worker, started_at, outcome FROM health.recovery_trail WHERE agent_id <> 'watched' ORDER BY 1, recovery_step_id $$,
    $$ VALUES ('sessions', 'terminate_sessions', 'engine', at(50), 'succeeded'), ('sessions', 'verify', 'engine', at(50), NULL), ('watch', 'verify', 'engine', at(50), NULL) $$, 'with its trail'
);

SELECT * FROM finish();
ROLLBACK;
