BEGIN;

SELECT
    rule,
    severity,
    summary,
    is_builtin,
    is_enabled,
    message_order,
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
    engine_rule,
    fleet_incident_id,
    severity,
    revenue_usd_per_hour,
    onset_at,
    detected_at,
    acknowledged_at,
    acknowledged_by,
    is_acknowledged,
    is_acknowledgement_sticky,
    acknowledged_until,
    acknowledged_severity,
    acknowledgement_note,
    recovered_at,
    resolved_at,
    false_positive_at,
    false_positive_by,
    false_positive_note,
    told_severity,
    told_at,
    told_channels,
    owed_channels,
    is_recovery_failure_told,
    message_count,
    escalates_from,
    escalated_until,
    withheld,
    withheld_at,
    checked_at,
    next_check_at,
    is_settled
FROM health.incidents
WHERE false;

SELECT
    incident_id,
    agent_id
FROM health.incident_members
WHERE false;

SELECT
    alert_id,
    incident_id,
    agent_id,
    rule,
    severity,
    summary,
    details,
    is_managed,
    opened_at,
    resolved_at,
    resolved_by
FROM health.alerts
WHERE false;

SELECT
    alert_event_id,
    occurred_at,
    incident_id,
    alert_id,
    agent_id,
    event,
    reason_code,
    reason,
    channel,
    delivery_id
FROM health.alert_events
WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.alert_change'::regtype;
END;
$$;

ROLLBACK;
