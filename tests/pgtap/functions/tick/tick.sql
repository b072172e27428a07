-- tick: one row of what it did; time moves forwards only; what cannot be a time is refused.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health.run_tick,
        health.tick,
        health_internal.act_phase,
        health_internal.is_act_due,
        health_internal.note_engine_error,
        health_internal.recover_phase
    }',
    $$
    VALUES
    ('health.run_tick()', 'p', 'plpgsql', 'v', false, 'health_admin, health_bridge'),
    ('health.tick(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.act_phase(timestamp with time zone)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.is_act_due()', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.note_engine_error(text)', 'f', 'sql', 'v', true, 'health_admin, health_bridge'),
    ('health_internal.recover_phase(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', true, 'health_admin, health_bridge')
    $$
);

SELECT throws_ok($$ SELECT health.tick(NULL) $$, 'EN001', 'p_now must be a finite time', 'NULL is no time');
SELECT throws_ok($$ SELECT health.tick('infinity') $$, 'EN001', NULL, 'infinity is none');
SELECT columns_are('health', 'engine_health', ARRAY['tick_id', 'last_tick_at', 'last_now', 'last_tick_ms', 'last_act_ms',
    'last_error', 'last_error_at', 'judged_total', 'folded_total', 'skipped_series_total', 'tick_period_seconds',
    'seconds_since_tick', 'is_tick_due', 'scheduler', 'pending_recovery_count', 'pending_delivery_count',
    'oldest_pending_delivery_seconds', 'attached_session_count', 'snapshot_holder_pid', 'snapshot_holder_age', 'last_gap_settled_at',
    'watched_series_count', 'waiting_minute_count', 'series_lag_seconds', 'last_series_ms', 'skipped_minutes_total', 'last_series_error',
    'last_series_error_at'],
    'engine_health has its columns') WHERE EXISTS (SELECT FROM health.engine_health);
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES ('a1', '2031-05-06 07:00:00+00', 'failed');
SELECT rows_are($$ SELECT tick_id, folded_rows, alerts_opened, recoveries_queued, is_busy FROM health.tick('2031-05-06 07:00:01+00', true) $$,
    $$ VALUES (1::bigint, 3::bigint, 1::bigint, 1::bigint, false) $$, 'a tick tells what it did, its own beat and metric included');
SELECT rows_are($$ SELECT tick_id, folded_rows, agents_judged, alerts_opened FROM health.tick('2031-05-06 07:00:02+00', true) $$,
    $$ VALUES (2::bigint, 0::bigint, 0::bigint, 0::bigint) $$, 'and the next that there was nothing');
SELECT is((health.tick('2031-05-06 06:00:00+00', true)).tick_id, 3::bigint, 'an earlier time is a tick too');
SELECT is((SELECT last_now FROM health.engine_health), timestamptz '2031-05-06 07:00:02+00', 'but time moves forwards only');
SELECT is_empty($$ SELECT * FROM health.monitor_gaps $$, 'replay leaves no gap');
SELECT is((health.tick('2031-05-06 07:02:00+00')).is_busy, false, 'a tick after two minutes');
SELECT rows_are($$ SELECT reason, started_at, ended_at, settled_at FROM health.monitor_gaps $$,
    $$ VALUES ('engine_stopped', timestamptz '2031-05-06 07:00:02+00', timestamptz '2031-05-06 07:02:00+00', timestamptz '2031-05-06 07:03:00+00') $$,
    'is a gap of the monitor');
SELECT is((SELECT beat_count FROM health.agent_status WHERE agent_id = 'heartbeat_health_agent'),
    (SELECT count(*) FROM health.agent_heartbeats WHERE agent_id = 'heartbeat_health_agent'), 'the engine''s own beats are folded once');
SELECT lives_ok($$ SELECT health_internal.note_engine_error('it broke') $$, 'an error is kept');
SELECT is((SELECT last_error FROM health.engine_health), 'it broke', 'for people to see');
SELECT throws_ok('CALL health.run_tick()', '2D000', NULL, 'run_tick is called outside a transaction');
-- Of a storm the page is committed before recoveries and ledger are written.
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 's' || n, 's' || n, '1 day' FROM generate_series(1, 501) AS n;
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) SELECT 's' || n, '2031-05-06 07:03:00+00', 'failed' FROM generate_series(1, 501) AS n;
SELECT health_internal.fold_phase('2031-05-06 07:03:01+00', true);
SELECT rows_are($$ SELECT alerts_opened >= 501, recoveries_queued, is_unfinished FROM health_internal.act_phase('2031-05-06 07:03:01+00') $$,
    $$ VALUES (true, 0::bigint, true) $$, 'a storm is acted on in two parts');
SELECT rows_are($$ SELECT event, state, (details ->> 'incident_count')::integer >= 501, is_noted FROM health.deliveries WHERE created_at = '2031-05-06 07:03:01+00' AND event = 'digest' $$,
    $$ VALUES ('digest', 'pending', true, false) $$, 'its page is there after the first');
SELECT is_empty($$ SELECT FROM health.suppressions WHERE agent_id = 's1' $$, 'what the ledger says of each is not');
SELECT cmp_ok(health_internal.recover_phase('2031-05-06 07:03:01+00'), '>=', 501::bigint, 'the second queues recoveries');
SELECT rows_are($$ SELECT reason_code, channel, count(*) FROM health.suppressions WHERE agent_id LIKE 's%' GROUP BY 1, 2 $$,
    $$ VALUES ('digest', 'console', 501::bigint) $$, 'and completes the ledger');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) SELECT 't' || n, 't' || n, '1 day' FROM generate_series(1, 501) AS n;
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) SELECT 't' || n, '2031-05-06 07:03:02+00', 'failed' FROM generate_series(1, 501) AS n;
SELECT ok((health.tick('2031-05-06 07:03:03+00', true)).alerts_opened >= 501, 'another storm, while the digest of the first is young');
SELECT rows_are($$ SELECT reason_code, channel, count(*) FROM health.suppressions WHERE agent_id LIKE 't%' GROUP BY 1, 2 $$,
    $$ VALUES ('group_interval', 'console', 501::bigint) $$, 'waits for the next, which the ledger says once of each');
-- What holds is compared with what is open when either changed, and each eighth tick.
UPDATE health_internal.engine SET tick_id = 1;
SELECT health_internal.is_act_due();
SELECT is(health_internal.is_act_due(), false, 'nothing changed since');
SELECT is(health_internal.act_phase('2031-05-06 07:03:04+00'), ROW(0::bigint, 0::bigint, false), 'so that the act finds nothing');
INSERT INTO health_internal.act_causes (cause) VALUES ('alerts');
SELECT is(health_internal.is_act_due(), true, 'a cause is one');
SELECT is_empty('SELECT FROM health_internal.act_causes', 'once');
INSERT INTO health.status_transitions (agent_id, occurred_at, old_liveness, new_liveness) VALUES ('a1', '2031-05-06 07:03:05+00', 'late', 'alive');
SELECT is(health_internal.is_act_due(), true, 'so is a transition');
SELECT is(health_internal.is_act_due(), false, 'once');
UPDATE health_internal.engine SET tick_id = 8;
SELECT is(health_internal.is_act_due(), true, 'and the eighth tick');
UPDATE health_internal.engine SET tick_id = 1;
INSERT INTO health.agents (agent_id, agent_name, revenue_usd_per_hour) VALUES ('dear', 'dear', 100);
INSERT INTO health.rule_findings (rule, agent_id, severity, summary, found_at, changed_at) SELECT 'fleet_silent', 'dear', 'critical', 'x', '2031-05-06 07:03:05+00', '2031-05-06 07:03:05+00';
SELECT health_internal.is_act_due();
SELECT is(health_internal.is_act_due(), true, 'while a finding is about one that earns, its losses may count any moment');
SET LOCAL ROLE health_analyst;
SELECT throws_ok($$ SELECT * FROM health.tick() $$, '42501', NULL, 'analysts do not tick');
RESET ROLE;

-- When the last one in trouble is well nothing of it is left: not what ended badly, not a storm.
UPDATE health.agent_status SET active_conditions = '{}', issue_type = NULL; DELETE FROM health.recovery_steps; DELETE FROM health.recovery_actions; DELETE FROM health.recovery_storms;
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, finished_at) VALUES ('s1', 'agent_unresponsive', 'escalated', now(), now(), now()), ('s2', 'agent_unresponsive', 'failed', now(), now(), now());
SELECT health_internal.recover_phase('2031-05-06 07:04:00+00');
SELECT is((SELECT count(*) FROM health.recovery_actions WHERE settled_at = '2031-05-06 07:04:00+00'), 2::bigint, 'a recovery that ended badly is settled when its agent is well, though nobody else is in trouble');
INSERT INTO health.recovery_storms (began_at, counted_at, troubled_count, agent_count) VALUES (now(), now(), 30, 40);
SELECT health_internal.recover_phase('2031-05-06 07:04:01+00');
SELECT is((SELECT ended_at FROM health.recovery_storms), timestamptz '2031-05-06 07:04:01+00', 'as a storm ends');

SELECT * FROM finish();
ROLLBACK;
