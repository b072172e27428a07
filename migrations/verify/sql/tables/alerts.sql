BEGIN;

SELECT
    rule,
    severity,
    summary,
    is_builtin,
    is_enabled
FROM health.alert_rules
WHERE false;

SELECT
    incident_id,
    agent_id,
    severity,
    onset_at,
    detected_at,
    acknowledged_at,
    acknowledged_by,
    recovered_at,
    resolved_at
FROM health.incidents
WHERE false;

SELECT
    alert_id,
    incident_id,
    agent_id,
    rule,
    severity,
    summary,
    details,
    opened_at,
    acknowledged_at,
    acknowledged_by,
    acknowledged_until,
    acknowledgement_note,
    is_acknowledgement_sticky,
    resolved_at,
    resolved_by
FROM health.alerts
WHERE false;

SELECT
    alert_event_id,
    alert_id,
    occurred_at,
    event,
    reason,
    delivery_id
FROM health.alert_events
WHERE false;

ROLLBACK;
