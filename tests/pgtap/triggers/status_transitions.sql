-- Triggers of status_transitions: a new issue queues its recovery, whoever caused it.
BEGIN;

SELECT no_plan();

SELECT signatures_are(
    '{
        health_internal.tg_status_transitions__queue_recoveries
    }',
    $$
    VALUES
    ('health_internal.tg_status_transitions__queue_recoveries()', 'f', 'plpgsql', 'v', true, '')
    $$
);

SELECT triggers_are('health', 'status_transitions', ARRAY['_500_queue_recoveries'], 'one');
INSERT INTO health.agent_status (agent_id) VALUES ('a1'), ('a2') ON CONFLICT DO NOTHING;
INSERT INTO health.status_transitions (agent_id, occurred_at, issue_type) VALUES
('a1', '2031-05-06 07:00+00', 'high_error_rate'), ('a2', '2031-05-06 07:00+00', NULL),
('heartbeat_health_agent', '2031-05-06 07:00+00', 'agent_unresponsive');
SELECT rows_are($$ SELECT agent_id, issue_type, state, attempt FROM health.recovery_actions $$,
    $$ VALUES ('a1', 'high_error_rate', 'pending', 1) $$, 'an issue is queued; the engine cannot restart itself');
INSERT INTO health.status_transitions (agent_id, occurred_at, issue_type, old_issue_type) VALUES
('a1', '2031-05-06 07:01+00', 'resource_exhaustion', 'high_error_rate'), ('a2', '2031-05-06 07:01+00', 'high_error_rate', 'high_error_rate');
SELECT is((SELECT count(*) FROM health.recovery_actions), 1::bigint, 'one at a time, and only new issues');
SELECT health.set_policy('standard', '{"is_recovery_enabled": false}');
INSERT INTO health.status_transitions (agent_id, occurred_at, issue_type) VALUES ('a2', '2031-05-06 07:02+00', 'high_error_rate');
SELECT is((SELECT count(*) FROM health.recovery_actions), 1::bigint, 'none where the policy forbids');

SELECT * FROM finish();
ROLLBACK;
