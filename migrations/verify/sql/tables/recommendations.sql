BEGIN;

SELECT
    recommendation_id,
    agent_id,
    kind,
    subject,
    source,
    priority,
    summary,
    reason,
    evidence,
    created_at,
    changed_at,
    closed_at,
    dismissed_at,
    dismissed_by,
    dismissal_note,
    dismissed_until,
    dismissed_priority,
    dismissed_evidence
FROM health.recommendations
WHERE false;

ROLLBACK;
