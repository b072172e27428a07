-- What a new installation begins with: the standard policy, built-in rules, the console, itself.
BEGIN;

SET LOCAL ROLE health_owner;

INSERT INTO health.policies (policy_class, version, note)
VALUES ('standard', 1, 'The policy the project ships with.');

INSERT INTO health.alert_rules (rule, severity, summary, is_builtin)
VALUES
('unresponsive', 'critical', 'does not answer', true),
('failed', 'critical', 'says it has failed', true),
('error', 'critical', 'says it is in error', true),
('score_critical', 'critical', 'its health score is below the critical threshold', true),
('score_emergency', 'emergency', 'its health score is below the emergency threshold', true),
('resource_exhaustion', 'warning', 'its memory is about to be exhausted', true),
('high_error_rate', 'warning', 'its error rate is high', true),
('performance_degradation', 'warning', 'it works far slower than it should', true),
('recovery_failed', 'critical', 'could not be recovered', true),
('job_missed', 'critical', 'missed a scheduled run', true),
('job_overdue', 'warning', 'takes longer than it may', true),
('job_failed', 'critical', 'its last run failed', true),
('schedule_unreadable', 'warning', 'its schedule cannot be read', true),
('rule_disabled', 'warning', 'an alert rule was disabled', true),
('recovery_storm', 'critical', 'too many agents are in trouble to restart them unasked', true);

INSERT INTO health.channels (channel, kind, minimum_severity)
VALUES ('console', 'console', 'warning');

INSERT INTO health.agents (agent_id, agent_name, agent_type, expected_interval)
VALUES (
    'heartbeat_health_agent', 'HeartbeatHealthAgent', 'HeartbeatHealthAgent', interval '30 seconds'
);

-- Room for the first hours; housekeeping goes on from here.
SELECT
    health_internal.create_partition(
        missing.table_name, missing.from_at, missing.until_at, false
    )
FROM health_internal.missing_partitions(clock_timestamp()) AS missing;

COMMIT;
