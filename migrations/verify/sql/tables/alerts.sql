BEGIN;

SELECT
    rule,
    severity,
    summary,
    is_builtin,
    is_enabled,
    view_schema,
    view_name,
    period,
    row_limit,
    created_by,
    created_at,
    next_evaluation_at,
    last_evaluated_at,
    last_duration_ms,
    last_row_count,
    last_note,
    last_error,
    last_error_at,
    evaluation_id,
    evaluating_since,
    evaluating_pid,
    unfinished_count,
    removed_at
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
