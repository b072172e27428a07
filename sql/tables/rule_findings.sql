-- What rules find at present: written by the evaluation of rules, outside the tick, and by the watch
-- over jobs; the tick's act opens an alert for each row and resolves it when the row is gone.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.rule_findings (
    rule text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C",
    severity text NOT NULL,
    summary text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    found_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT rule_findings_rule_agent_key UNIQUE NULLS NOT DISTINCT (rule, agent_id),
    CONSTRAINT rule_findings_rule_fkey
    FOREIGN KEY (rule) REFERENCES health.alert_rules ON DELETE CASCADE,
    CONSTRAINT finding_severity_is_known
    CHECK (severity IN ('info', 'warning', 'critical', 'emergency'))
);

COMMENT ON TABLE health.rule_findings IS
'One row per finding that holds at present, of a user''s rule or of a built-in one that is not judged from '
'heartbeats (anomaly, predicted_failure, job_missed, job_overdue, job_failed, schedule_unreadable, rule_disabled).';
COMMENT ON COLUMN health.rule_findings.rule IS 'Rule that found it.';
COMMENT ON COLUMN health.rule_findings.agent_id IS 'About which agent; NULL: the monitor as a whole.';
COMMENT ON COLUMN health.rule_findings.severity IS 'info, warning, critical or emergency.';
COMMENT ON COLUMN health.rule_findings.summary IS 'What is wrong, in words, at most 500 characters.';
COMMENT ON COLUMN health.rule_findings.details IS 'The facts: a JSON object of at most 8 kB.';
COMMENT ON COLUMN health.rule_findings.found_at IS 'Since when it holds.';
COMMENT ON COLUMN health.rule_findings.changed_at IS
'When its severity, summary or details last changed.';

GRANT SELECT ON health.rule_findings TO health_analyst, health_bridge;

COMMIT;
