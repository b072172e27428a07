-- The queue: by level, once, with back-off; on a person's word at once.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.request_recovery,
        health_internal.enqueue_recoveries,
        health_internal.queue_recoveries
    }',
    $$
    VALUES
    ('health.request_recovery(text,text,text,timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_operator'),
    ('health_internal.enqueue_recoveries(timestamp with time zone,text[],text[],bigint[])', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.queue_recoveries(timestamp with time zone,text[],text[])', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT two_agents();
SELECT beat('a1', 12, 'failed');
SELECT is((health.tick(at(12), true)).recoveries_queued, 1::bigint, 'a failed agent is queued');
SELECT is((health.tick(at(13), true)).recoveries_queued, 0::bigint, 'once');
SELECT rows_are($$ SELECT agent_id, issue_type, action, state, attempt, requested_by, not_before, transition_id IS NOT NULL, incident_id IS NOT NULL FROM health.recovery_actions $$,
    $$ VALUES ('a1', 'agent_unresponsive', 'restart_agent', 'pending', 1, 'engine', at(12), true, true) $$, 'for a restart at once, with its transition and incident');
SELECT throws_ok($$ SELECT health.request_recovery('a1', 'high_error_rate', 'ana', at(13)) $$, 'RC003', NULL, 'one at a time, whoever asks');
SELECT throws_ok($$ SELECT health.request_recovery('nobody', 'high_error_rate', 'ana') $$, 'AG001', NULL, 'of a known agent');
SELECT throws_ok($$ SELECT health.request_recovery('a2', 'boredom', 'ana') $$, '23514', NULL, 'for a known issue');
SELECT is(health.request_recovery('a2', 'agent_unresponsive', 'engine', at(13)) > 0, true, 'a person may ask for a healthy one');
SELECT isnt((latest('a2')).requested_by, 'engine', 'but not in the engine''s name');
SELECT is((latest('a2')).released_at, at(13), 'no brake holds what a person asks');
-- Back-off: 10 s doubling, and from the start again after ten healthy minutes.
SELECT health.set_policy('standard', '{"recovery_budget_count": 100}');
CREATE FUNCTION pg_temp.attempt_and_wait() RETURNS text LANGUAGE sql
RETURN (SELECT (latest()).attempt || ' after ' || date_part('epoch', (latest()).not_before - (SELECT max(finished_at) FROM health.recovery_actions WHERE agent_id = 'a1')) || ' s');
CREATE FUNCTION pg_temp.fail_at_its_time() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_at timestamptz := (latest()).not_before + interval '1 s';
BEGIN
    PERFORM health.tick(v_at, true);
    PERFORM health.report_recovery_action(c.action_id, c.fencing_token, 'failed', '{}', v_at)
    FROM health.claim_recovery_actions('w', 1, ARRAY['a1'], v_at) AS c;
    PERFORM health.tick(v_at + interval '1 s', true);
END $$;
SELECT pg_temp.fail_at_its_time();
SELECT is(pg_temp.attempt_and_wait(), '2 after 10 s', 'the second attempt waits 10 s');
SELECT pg_temp.fail_at_its_time();
SELECT is(pg_temp.attempt_and_wait(), '3 after 20 s', 'the third 20 s');
SELECT pg_temp.fail_at_its_time(); SELECT pg_temp.fail_at_its_time(); SELECT pg_temp.fail_at_its_time(); SELECT pg_temp.fail_at_its_time();
SELECT is(pg_temp.attempt_and_wait(), '7 after 300 s', 'never more than 300 s');
SELECT beat('a1', 1200 + 5 * n) FROM generate_series(0, 30) AS n; SELECT tick(1351);
SELECT is((latest()).state, 'cancelled', 'an agent that recovered by itself needs no restart');
SELECT is((latest()).outcome ->> 'reason', 'the agent recovered by itself', 'which is said');
SELECT beat('a1', 1355, 'failed'); SELECT tick(1355);
SELECT is((latest()).attempt, 7, 'too short a health starts nothing anew');
SELECT beat('a1', 1360 + 5 * n) FROM generate_series(0, 130) AS n; SELECT tick(1360 + 5 * n) FROM generate_series(0, 130) AS n;
SELECT beat('a1', 2015, 'failed'); SELECT tick(2015);
SELECT rows_are('SELECT (latest()).attempt, (latest()).not_before', $$ VALUES (1, at(2015)) $$,
    'ten healthy minutes do');

-- The number and the time of an attempt, case by case: what was before it, in seconds before 30000.
CREATE FUNCTION pg_temp.attempt_after(
    p_name text, p_state text, p_attempt integer, p_started float8, p_finished float8, p_settled float8 DEFAULT NULL, p_lease float8 DEFAULT NULL
)
RETURNS text
LANGUAGE sql
AS $$
    INSERT INTO health.agent_status (agent_id, liveness) VALUES (p_name, 'alive');
    INSERT INTO health.recovery_actions (agent_id, issue_type, state, attempt, created_at, not_before, started_at, finished_at, settled_at, lease_until)
    VALUES (p_name, 'agent_unresponsive', p_state, p_attempt, at(29000), at(29000), at(30000 - p_started), at(30000 - p_finished), at(30000 - p_settled), at(30000 - p_lease));
    SELECT health_internal.enqueue_recoveries(at(30000), ARRAY[p_name], '{agent_unresponsive}');
    SELECT attempt || ' in ' || date_part('epoch', not_before - at(30000)) || ' s' FROM health.recovery_actions WHERE agent_id = p_name AND state = 'pending'
$$;
SELECT is(pg_temp.attempt_after('n1', 'failed', 1, 9, 4), '2 in 6 s', 'the wait counts from the end of the attempt before');
SELECT is(pg_temp.attempt_after('n2', 'failed', 5, 900, 4), '6 in 156 s', 'doubled for each');
SELECT is(pg_temp.attempt_after('n3', 'failed', 40, 900, 4), '41 in 296 s', 'however many there were');
SELECT is(pg_temp.attempt_after('n4', 'failed', 1, 900, 60), '2 in 0 s', 'a wait that is over is none');
SELECT is(pg_temp.attempt_after('n5', 'cancelled', 1, NULL, 1), '1 in 0 s', 'one that never began does not count');
SELECT is(pg_temp.attempt_after('n6', 'cancelled', 3, NULL, 1), '3 in 19 s', 'what was before it does');
SELECT is(pg_temp.attempt_after('n7', 'failed', 3, 900, 700, 599.9), '4 in 0 s', 'health of less than the window starts nothing anew');
SELECT is(pg_temp.attempt_after('n8', 'failed', 3, 900, 1, 600), '1 in 0 s', 'of the whole window does');
SELECT is(pg_temp.attempt_after('n9', 'failed', 1, 900, 60, NULL, -25), '2 in 25 s', 'nothing begins before the lease of the one before has ended');
SELECT health.set_policy('standard', '{"recovery_backoff_seconds": 0.0001, "recovery_backoff_limit_seconds": 3600}');
SELECT is(pg_temp.attempt_after('n10', 'failed', 30, 900, 0), '31 in 104.8576 s', 'after twenty doublings it doubles no more');
INSERT INTO health.recovery_actions (agent_id, issue_type, state, attempt, created_at, not_before, started_at, finished_at) VALUES ('n11', 'agent_unresponsive', 'failed', 5, at(28000), at(28000), at(28000), at(29999)), ('n12', 'agent_unresponsive', 'failed', 5, at(29000), at(28000), at(28000), at(29999));
SELECT is(pg_temp.attempt_after('n11', 'failed', 1, 900, 2000), '2 in 0 s', 'the last attempt counts, not one before it');
SELECT is(pg_temp.attempt_after('n12', 'failed', 1, 900, 2000), '2 in 0 s', 'nor one queued at the same moment');
-- What it carries with it.
SELECT is(health_internal.enqueue_recoveries(at(30000), '{heartbeat_health_agent,nobody}', '{agent_unresponsive,agent_unresponsive}'), 0::bigint, 'the engine does not restart itself, nor who is not known');
INSERT INTO health.agent_status (agent_id, liveness) VALUES ('i1', 'alive'), ('i2', 'alive');
INSERT INTO health.incidents (agent_id, severity, onset_at, detected_at, resolved_at) VALUES ('i1', 'critical', at(1), at(1), at(2)), ('i2', 'critical', at(1), at(1), at(2)), ('i2', 'critical', at(29000), at(29000), NULL);
SELECT is(health_internal.enqueue_recoveries(at(30000), '{i1,i2}', '{agent_unresponsive,agent_unresponsive}'), 2::bigint, 'two are queued');
SELECT rows_are(
    $$ SELECT a.agent_id, i.onset_at FROM health.recovery_actions AS a LEFT JOIN health.incidents AS i USING (incident_id) WHERE a.agent_id IN ('i1', 'i2') ORDER BY 1 $$,
    $$ VALUES ('i1', NULL::timestamptz), ('i2', at(29000)) $$, 'with the incident that is open, if there is one'
);
SELECT health.set_policy('unhelped', '{"is_recovery_enabled": false}');
INSERT INTO health.agent_status (agent_id, liveness, policy_class) VALUES ('u1', 'alive', 'unhelped');
SELECT is(health_internal.enqueue_recoveries(at(30000), '{u1}', '{agent_unresponsive}'), 0::bigint, 'none where the policy wants none');
-- The transition that brought the issue: its own, of this issue, the last.
INSERT INTO health.agent_status (agent_id, liveness) SELECT n, 'alive' FROM unnest('{t1,t2,t3,t4,t5}'::text []) AS v (n);
INSERT INTO health.status_transitions (agent_id, occurred_at, old_liveness, new_liveness, new_status, new_score, issue_type, old_issue_type, last_heartbeat_at)
SELECT v.name, at(v.s), 'alive', 'alive', 'critical', 20, v.issue, v.old, at(v.s)
FROM (VALUES ('t1', 101, 'high_error_rate', NULL), ('t1', 102, 'high_error_rate', NULL), ('t1', 103, 'high_error_rate', 'high_error_rate'), ('t1', 104, 'resource_exhaustion', 'high_error_rate'), ('t2', 105, 'high_error_rate', NULL)) AS v (name, s, issue, old);
DELETE FROM health.recovery_actions WHERE agent_id ~ '^t';
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at, settled_at)
SELECT v.name, 'agent_unresponsive', v.state, at(200), at(200), at(v.finished), at(v.settled)
FROM (VALUES ('t2', 'escalated', 210, NULL), ('t3', 'escalated', 210, 220), ('t4', 'failed', 30000, NULL), ('t5', 'failed', 29999.9, NULL)) AS v (name, state, finished, settled);
SELECT is(health_internal.queue_recoveries(at(30000), '{t1,t2,t3,t4,t5}', '{high_error_rate,agent_unresponsive,agent_unresponsive,agent_unresponsive,agent_unresponsive}'), 3::bigint, 'three of five are queued');
SELECT rows_are(
    $$ SELECT a.agent_id, date_part('epoch', t.occurred_at - at(0)) FROM health.recovery_actions AS a LEFT JOIN health.status_transitions AS t USING (transition_id) WHERE a.state = 'pending' AND a.agent_id ~ '^t' ORDER BY 1 $$,
    $$ VALUES ('t1', 102::float8), ('t3', NULL), ('t5', NULL) $$,
    'not what is a person''s until it is settled, nor what ended at this very moment'
);
SELECT is(health_internal.queue_recoveries(at(30000), '{t2}', '{high_error_rate}'), 1::bigint, 'but what has become something else is the engine''s again');
SELECT is(health_internal.queue_recoveries(at(30000), '{t2}', '{high_error_rate}'), 0::bigint, 'once');
SELECT is(health_internal.queue_recoveries(at(30000), '{}', '{}'), 0::bigint, 'nobody in trouble, nobody queued');
-- What a person asks: the strategy and the freezes of the agent's class, in his name.
SELECT health.set_policy('other', '{}');
SELECT health.set_recovery_strategy('other', 'agent_unresponsive', '[{"action": "run_command", "parameters": {"command": "flush"}}, {"action": "verify"}]');
SELECT health.add_freeze_window('longer', at(40000), at(40090)), health.add_freeze_window('theirs', at(40000), at(40100), p_policy_class => 'other');
INSERT INTO health.agent_status (agent_id, liveness, policy_class) VALUES ('q1', 'alive', 'standard'), ('q2', 'alive', 'other'), ('q3', 'alive', 'standard');
SELECT health.request_recovery('q1', 'agent_unresponsive', 'ana', at(40090)), health.request_recovery('q2', 'agent_unresponsive', NULL, at(40089)), health.request_recovery('q3', 'agent_unresponsive', 'engine', at(40089));
SELECT rows_are(
    $$ SELECT agent_id, action, parameters, jsonb_array_length(strategy), requested_by = session_user, hold, hold_reason ~ '^freeze "(theirs|longer)" until ', released_at, not_before FROM health.recovery_actions WHERE agent_id ~ '^q' ORDER BY 1 $$,
    $$
    VALUES ('q1', 'restart_agent', '{}'::jsonb, 2, false, NULL, NULL::boolean, at(40090), at(40090)), ('q2', 'run_command', '{"command": "flush"}', 2, true, 'freeze', true, NULL, at(40089)),
    ('q3', 'restart_agent', '{}', 2, false, 'freeze', true, NULL, at(40089))
    $$, 'of its own class; without a name the login''s'
);
SELECT rows_are($$ SELECT agent_id, substring(hold_reason FROM '"(.*)"'), requested_by FROM health.recovery_actions WHERE agent_id IN ('q1', 'q3') ORDER BY 1 $$,
    $$ VALUES ('q1', NULL, 'ana'), ('q3', 'longer', 'person: engine') $$, 'a freeze of another class is no concern of his');
SELECT is(substring(hold_reason FROM '"(.*)"'), 'theirs', 'of two the longer one is named') FROM health.recovery_actions WHERE agent_id = 'q2';
INSERT INTO health.agent_status (agent_id, liveness, policy_class) VALUES ('q4', 'alive', 'other');
SELECT is(health_internal.enqueue_recoveries(at(40000), '{q4}', '{agent_unresponsive}'), 1::bigint, 'the engine asks the same');
SELECT rows_are($$ SELECT action, parameters FROM health.recovery_actions WHERE agent_id = 'q4' $$, $$ VALUES ('run_command', '{"command": "flush"}'::jsonb) $$, 'by the first step of the strategy of its class');
SELECT is(current_setting('plan_cache_mode'), 'auto', 'and leaves the session as it was');
CREATE FUNCTION pg_temp.detail() RETURNS text LANGUAGE plpgsql AS $$
DECLARE v_detail text;
BEGIN
    PERFORM health.request_recovery('n1', 'agent_unresponsive', 'ana', at(40089));
EXCEPTION WHEN SQLSTATE 'RC003' THEN
    GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
    RETURN v_detail;
END $$;
SELECT is(pg_temp.detail(), 'Action ' || action_id || ' is pending.', 'the error names what is under way') FROM health.recovery_actions WHERE agent_id = 'n1' AND state = 'pending';

SELECT * FROM finish();
ROLLBACK;
