-- Whom the tick watches: configuration, unknown agents, agents that were removed.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.add_missing_agents,
        health_internal.fold_agent_changes,
        health_internal.forget_agents,
        health_internal.register_unknown
    }',
    $$
    VALUES
    ('health_internal.add_missing_agents()', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.fold_agent_changes(health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, ''),
    ('health_internal.forget_agents(text[])', 'f', 'sql', 'v', false, ''),
    ('health_internal.register_unknown(health_internal.beat[],boolean,health_internal.arrival_range)', 'f', 'plpgsql', 'v', false, '')
    $$
);

INSERT INTO health.agents (agent_id, agent_name, expected_interval) VALUES ('a1', 'a1', '10 s');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', '2031-05-06 07:00:00+00'), ('new', '2031-05-06 07:00:00+00');
SELECT is((health.tick('2031-05-06 07:00:01+00', true)).is_busy, false, 'ticked');
SELECT is((SELECT agent_name FROM health.agents WHERE agent_id = 'new'), 'new', 'an unknown agent is registered');
UPDATE health.agents SET latency_slo_ms = 5, policy_class = 'standard' WHERE agent_id = 'a1';
INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, received_at) VALUES ('a1', 'm', 1, '2031-05-06 07:00:02+00');
SELECT is((health.tick('2031-05-06 07:00:02+00', true)).folded_rows, 1::bigint, 'and has a series');
SELECT is((SELECT latency_slo_ms FROM health.agent_status WHERE agent_id = 'a1'), 5::float8, 'configuration is copied');
SELECT is(health_internal.add_missing_agents(), 0::bigint, 'nobody is missing');

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
-- Nor does a bridge hold for ever what nobody wants any more.
INSERT INTO health.recovery_actions (agent_id, issue_type, state, created_at, not_before, claimed_by, fencing_token) SELECT 'held', 'agent_unresponsive', 'executing', at(0), at(0), 'w1', 1;
SELECT health_internal.forget_agents('{held}');
SELECT rows_are($$ SELECT state, claimed_by FROM health.recovery_actions WHERE agent_id = 'held' $$, $$ VALUES ('cancelled', 'w1') $$, 'one that a bridge is at is cancelled too');
SELECT is(health.report_recovery_action((SELECT action_id FROM health.recovery_actions WHERE agent_id = 'held'), 1, 'succeeded', '{}', at(1)), false, 'which the bridge learns when it reports');
SELECT is(health_internal.add_missing_agents(), 0::bigint, 'nobody registers it again');
SELECT is((health.tick('2031-05-06 09:00:06+00', true)).is_busy, false, 'an hour later');
SELECT is_empty($$ SELECT FROM health.agents WHERE agent_id = 'a1' $$, 'it is gone');
INSERT INTO health.agent_heartbeats (agent_id, received_at) VALUES ('a1', '2031-05-06 09:00:07+00');
SELECT is((health.tick('2031-05-06 09:00:08+00', true)).is_busy, false, 'it beats again');
SELECT rows_are($$ SELECT status, liveness FROM health.fleet WHERE agent_id = 'a1' $$, $$ VALUES ('excellent', 'alive') $$, 'and begins anew');

SELECT * FROM finish();
ROLLBACK;
