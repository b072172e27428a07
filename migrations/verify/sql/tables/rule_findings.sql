BEGIN;

SELECT
    rule,
    agent_id,
    severity,
    summary,
    details,
    found_at,
    changed_at
FROM health.rule_findings
WHERE false;

ROLLBACK;
