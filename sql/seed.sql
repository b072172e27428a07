-- What a new installation begins with: the standard policy, built-in rules, the console, itself.
BEGIN;

SET LOCAL ROLE health_owner;

INSERT INTO health.policies (policy_class, version, note)
VALUES ('standard', 1, 'The policy the project ships with.');

INSERT INTO health.alert_rules (rule, severity, summary, is_builtin, message_order)
VALUES
('unresponsive', 'critical', 'does not answer', true, 10),
('failed', 'critical', 'says it has failed', true, 10),
('error', 'critical', 'says it is in error', true, 10),
('score_critical', 'critical', 'its health score is below the critical threshold', true, 50),
('score_emergency', 'emergency', 'its health score is below the emergency threshold', true, 40),
('resource_exhaustion', 'warning', 'its memory is about to be exhausted', true, 35),
('high_error_rate', 'warning', 'its error rate is high', true, 35),
('performance_degradation', 'warning', 'it works far slower than it should', true, 35),
('recovery_failed', 'critical', 'could not be recovered', true, 20),
('business_impact', 'critical', 'revenue is at risk', true, 30),
('fleet_silent', 'emergency', 'many agents fell silent together', true, 100),
('monitor_gap', 'warning', 'the monitor was blind', true, 100),
('chronic_self_healing', 'warning', 'is restarted again and again', true, 100),
('dead_letters', 'critical', 'messages could not be delivered', true, 100),
('bridge_silent', 'critical', 'no bridge is alive, and work waits for one', true, 100),
('forgotten_mute', 'warning', 'incidents have been muted for long', true, 100),
('predicted_failure', 'warning', 'is likely to fail soon', true, 100),
('job_missed', 'critical', 'missed a scheduled run', true, 100),
('job_overdue', 'warning', 'takes longer than it may', true, 100),
('job_failed', 'critical', 'its last run failed', true, 100),
('schedule_unreadable', 'warning', 'its schedule cannot be read', true, 100),
('exhaustion_ahead', 'warning', 'a resource of it will be exhausted', true, 35),
('rule_disabled', 'warning', 'an alert rule was disabled', true, 100),
('recovery_storm', 'critical', 'too many agents are in trouble to restart them unasked', true, 100),
('anomaly', 'warning', 'behaves unlike before', true, 60);

INSERT INTO health.channels (channel, kind, minimum_severity)
VALUES ('console', 'console', 'warning');

-- Works as soon as somebody adds a channel of that name.
INSERT INTO health.escalation_policies (escalation_policy, matchers)
VALUES ('executives', '{"rule": "business_impact"}');

INSERT INTO health.escalation_steps (
    escalation_policy, step, channel, delay, minimum_severity
)
VALUES ('executives', 1, 'executives', interval '0', 'critical');

INSERT INTO health.agents (agent_id, agent_name, agent_type, expected_interval)
VALUES (
    'heartbeat_health_agent', 'HeartbeatHealthAgent', 'HeartbeatHealthAgent', interval '30 seconds'
);

-- The login that answers questions beats as the agent that does.
INSERT INTO health.agent_logins (login_name, agent_id) VALUES ('health_helper', 'ai_help');

-- Room for the first hours; housekeeping goes on from here.
SELECT
    health_internal.create_partition(
        missing.table_name, missing.from_at, missing.until_at, false
    )
FROM health_internal.missing_partitions(clock_timestamp()) AS missing;

COMMIT;
