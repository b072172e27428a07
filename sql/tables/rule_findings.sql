-- Findings: what a user's rule, or a check of the engine itself, says holds at present.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.rule_findings (
    rule text COLLATE "C" NOT NULL,
    agent_id text COLLATE "C",
    severity text,
    summary text,
    details jsonb NOT NULL DEFAULT '{}',
    found_at timestamptz NOT NULL,
    CONSTRAINT rule_findings_key UNIQUE NULLS NOT DISTINCT (rule, agent_id),
    CONSTRAINT finding_severity_is_known
    CHECK (severity IN ('info', 'warning', 'critical', 'emergency'))
);

COMMENT ON TABLE health.rule_findings IS
'One row per finding that holds at present; the tick opens an alert for each and closes it when the row is gone.';
COMMENT ON COLUMN health.rule_findings.rule IS 'Rule that found it.';
COMMENT ON COLUMN health.rule_findings.agent_id IS 'About which agent; NULL: the engine.';
COMMENT ON COLUMN health.rule_findings.severity IS 'NULL: the rule''s.';
COMMENT ON COLUMN health.rule_findings.summary IS 'What is wrong; NULL: the rule''s.';
COMMENT ON COLUMN health.rule_findings.details IS 'The facts.';
COMMENT ON COLUMN health.rule_findings.found_at IS 'Since when it holds.';

GRANT SELECT ON health.rule_findings TO health_analyst, health_bridge;

COMMIT;
