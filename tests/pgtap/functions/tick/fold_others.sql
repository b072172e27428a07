-- The other folds: configuration, unknown agents, events, series, sessions.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.add_missing_agents,
        health_internal.event_weight,
        health_internal.fold_agent_changes,
        health_internal.fold_events,
        health_internal.fold_metrics,
        health_internal.forget_agents,
        health_internal.register_unknown,
        health_internal.watch_sessions
    }',
    $$
    VALUES
    ('health_internal.add_missing_agents()', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.event_weight(text)', 'f', 'sql', 'i', false, ''),
    ('health_internal.fold_agent_changes(health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.fold_events(timestamp with time zone,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.fold_metrics(timestamp with time zone,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.forget_agents(text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.register_unknown(health_internal.beat[],boolean,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.watch_sessions(timestamp with time zone,boolean)', 'f', 'plpgsql', 'v', false, '')
    $$
);

SELECT rows_are($$ SELECT health_internal.event_weight(s) FROM unnest('{debug,info,WARNING,error,critical,emergency}'::text []) AS s $$,
    $$ VALUES (0::float8), (0), (0.1), (1), (3), (10) $$, 'events weigh by severity');
INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '10 s');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', '2031-05-06 07:00:00+00'), ('new', '2031-05-06 07:00:00+00');
SELECT is((health.tick('2031-05-06 07:00:01+00', true)).is_busy, false, 'ticked');
SELECT is((SELECT agent_name FROM health.agents WHERE agent_id = 'new'), 'new', 'an unknown agent is registered');
UPDATE health.agents SET latency_slo_ms = 5, policy_class = 'standard' WHERE agent_id = 'a1';
INSERT INTO health.system_events (agent_id, event_type, severity, received_at) VALUES
('a1', 'e', 'error', '2031-05-06 07:00:02+00'), ('a1', 'e', 'info', '2031-05-06 07:00:02+00'),
('heartbeat_health_agent', 'e', 'emergency', '2031-05-06 07:00:02+00');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, unit, received_at)
SELECT 'a1', 'm' || n % 2, n, 'ms', '2031-05-06 07:00:02+00' FROM generate_series(1, 4) AS n;
SELECT is((health.tick('2031-05-06 07:00:02+00', true)).folded_rows, 6::bigint, 'two events of the agent and four values are folded');
SELECT is((SELECT latency_slo_ms FROM health.agent_status WHERE agent_id = 'a1'), 5::float8, 'configuration is copied');
SELECT is((SELECT round(error_sum::numeric, 3) FROM health.agent_status WHERE agent_id = 'a1'), 1.001, 'events count, a little more than a beat two seconds ago');
SELECT is((SELECT error_sum FROM health.agent_status WHERE agent_id = 'heartbeat_health_agent'), 0::float8, 'the engine''s own do not');
SELECT rows_are($$ SELECT metric_name, value_count, weight, value_sum, square_sum FROM health_internal.metric_series WHERE agent_id = 'a1' ORDER BY 1 $$,
    $$ VALUES ('m0', 2::bigint, 2::float8, 6::float8, 20::float8), ('m1', 2, 2, 4, 10) $$, 'a series keeps sums');
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'm0', 1, '2031-05-06 08:00:02+00');
SELECT is((health.tick('2031-05-06 08:00:02+00', true)).is_busy, false, 'an hour later');
SELECT is((SELECT round(value_sum::numeric, 6) FROM health_internal.metric_series WHERE agent_id = 'a1' AND metric_name = 'm0'),
    round((1 + 6 * exp(-1::float8))::numeric, 6), 'what is old has decayed');
SELECT is((SELECT unit FROM health_internal.metric_series WHERE agent_id = 'a1' AND metric_name = 'm0'), 'ms', 'a unit stays');
UPDATE health.settings SET series_per_agent = 3;
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at)
SELECT 'a1', 'n' || n, 1, '2031-05-06 08:00:03+00' FROM generate_series(1, 3) AS n;
SELECT is((health.tick('2031-05-06 08:00:03+00', true)).is_busy, false, 'many series');
SELECT is((SELECT count(*) FROM health_internal.metric_series WHERE agent_id = 'a1'), 3::bigint, 'are kept to the limit');
SELECT is((SELECT skipped_series_total FROM health.engine_health), 2::bigint, 'and the rest is counted');
SELECT is(health_internal.add_missing_agents(), 0::bigint, 'nobody is missing');
SELECT is(health_internal.watch_sessions(clock_timestamp(), false), 0::bigint, 'without sessions nobody is suspected');

-- An agent that is removed leaves its history and nothing else.
INSERT INTO health.agent_heartbeats (agent_id, received_at, state) VALUES ('a1', '2031-05-06 08:00:04+00', 'failed');
SELECT is((health.tick('2031-05-06 08:00:05+00', true)).is_busy, false, 'it fails');
SELECT isnt_empty($$ SELECT FROM health.open_alerts WHERE agent_id = 'a1' $$, 'with alerts');
SELECT is((SELECT count(*) FROM health.recovery_backlog WHERE agent_id = 'a1'), 1::bigint, 'and a recovery that waits');
DELETE FROM health.agents WHERE agent_id = 'a1';
SELECT is((health.tick('2031-05-06 08:00:06+00', true)).is_busy, false, 'and is removed');
SELECT is_empty($$ SELECT FROM health.fleet WHERE agent_id = 'a1' $$, 'it is watched no more');
SELECT is_empty($$ SELECT FROM health_internal.metric_series WHERE agent_id = 'a1' $$, 'nor are its series');
SELECT is_empty($$ SELECT FROM health.open_alerts WHERE agent_id = 'a1' $$, 'its alerts are closed');
SELECT is((SELECT outcome ->> 'reason' FROM health.recovery_actions WHERE agent_id = 'a1' AND state = 'cancelled'), 'the agent was removed', 'its recovery is cancelled');
SELECT isnt_empty($$ SELECT FROM health.status_transitions WHERE agent_id = 'a1' $$, 'its history stays');
SELECT is(health_internal.add_missing_agents(), 0::bigint, 'nobody registers it again');
SELECT is((health.tick('2031-05-06 09:00:06+00', true)).is_busy, false, 'an hour later');
SELECT is_empty($$ SELECT FROM health.agents WHERE agent_id = 'a1' $$, 'it is gone');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', '2031-05-06 09:00:07+00');
SELECT is((health.tick('2031-05-06 09:00:08+00', true)).is_busy, false, 'it beats again');
SELECT rows_are($$ SELECT status, liveness FROM health.fleet WHERE agent_id = 'a1' $$, $$ VALUES ('excellent', 'alive') $$, 'and begins anew');

SELECT * FROM finish();
ROLLBACK;
