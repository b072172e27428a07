-- Replay: history through the engine in a sandbox.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.replay_ticks
    }',
    $$
    VALUES
    ('health_internal.replay_ticks(text,timestamp with time zone,timestamp with time zone,interval)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT health.register_agent('a1', p_expected_interval => '10 s'), health.register_agent('a2');
INSERT INTO health.agent_heartbeats (agent_id, received_at, memory_usage_mb) SELECT 'a1', at(10 * n), n FROM generate_series(1, 6) AS n;
INSERT INTO health.agent_heartbeats (agent_id, received_at, signal, run_id) VALUES ('a2', at(5), 'start', 'r'), ('a2', at(900), 'success', 'r');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'speed', 5, at(20));
INSERT INTO health.system_events (agent_id, event_type, severity, received_at) VALUES ('a1', 'error', 'critical', at(30));
SET LOCAL ROLE health_owner;
SELECT health_internal.build_sandbox('{health.tick,health.claim_recovery_actions,health.report_recovery_action}');
SELECT health_internal.furnish_sandbox('health_backtest', '{}', at(0), at(60), NULL);
SELECT ok((SELECT ticks < 40 FROM health_internal.replay_ticks('health_backtest', at(0), at(60), '1 s') AS ticks), 'seconds in which nothing can happen are left out');
SELECT rows_are($$ SELECT agent_id, beat_count, memory_usage_mb, last_heartbeat_at, round(error_sum::numeric, 1) FROM health_backtest.agent_status WHERE agent_id <> 'heartbeat_health_agent' ORDER BY 1 $$,
    $$ VALUES ('a1', 6::bigint, 6, at(60), 3.0), ('a2', 1, NULL, at(5), 0.0) $$, 'all was folded once');
SELECT is((SELECT count(*) FROM health_backtest_internal.metric_series WHERE agent_id = 'a1'), 1::bigint, 'metrics too');
SELECT is((SELECT outcome FROM health_backtest.job_runs), 'running', 'and signals, by the trigger of heartbeats');
SELECT is((SELECT count(*) FROM health.agent_status WHERE last_heartbeat_at IS NOT NULL), 0::bigint, 'while the live engine has seen nothing');
SELECT health_internal.sweep_sandbox('health_backtest');
SELECT rows_are($$ SELECT agent_id, beat_count FROM health_backtest.agent_status WHERE agent_id <> 'heartbeat_health_agent' ORDER BY 1 $$, $$ VALUES ('a1', 6::bigint), ('a2', 1) $$, 'a sweep keeps what is');
SELECT is((SELECT count(*) FROM health_backtest.agent_heartbeats), 0::bigint, 'and empties what was folded');
SELECT ok(health_internal.replay_ticks('health_backtest', at(61), at(62), '1 s') > 0, 'it ticks on after it');
SELECT is((SELECT beat_count FROM health_backtest.agent_status WHERE agent_id = 'a1'), 6::bigint, 'and folds nothing twice');

-- A session that was lost is lost again, and while the engine stood still nobody ticks.
RESET ROLE;
INSERT INTO health.agent_sessions (agent_id, agent_number, pid, attached_at, lost_at, lost_reason) VALUES ('a1', 1, 1, at(0), at(63), 'session_lost'), ('a2', 2, 2, at(0), at(63), 'attached_again');
INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at) VALUES ('engine_stopped', at(70), at(200), at(260)), ('server_restarted', at(300), at(310), at(370)), ('fleet_silent', at(400), at(410), at(470));
SET LOCAL ROLE health_owner;
SELECT ok(health_internal.replay_ticks('health_backtest', at(63), at(64), '1 s') > 0, 'a session is lost');
SELECT rows_are($$ SELECT agent_id, session_lost_at, liveness FROM health_backtest.agent_status WHERE agent_id IN ('a1', 'a2') ORDER BY 1 $$, $$ VALUES ('a1', at(63), 'unresponsive'), ('a2', NULL, 'alive') $$, 'which the engine notices as it did, and only that');
SELECT ok(health_internal.replay_ticks('health_backtest', at(65), at(400), '5 s') > 0, 'the engine stood still');
SELECT rows_are($$ SELECT reason, started_at BETWEEN at(64) AND at(70), ended_at, settled_at FROM health_backtest.monitor_gaps WHERE reason <> 'server_restarted' $$, $$ VALUES ('engine_stopped', true, at(200), at(260)) $$, 'and declares the gap itself');
SELECT rows_are($$ SELECT started_at, ended_at FROM health_backtest.monitor_gaps WHERE reason = 'server_restarted' $$, $$ VALUES (at(300), at(310)) $$, 'a restart of the server is told as it was');

SELECT * FROM finish();
ROLLBACK;
