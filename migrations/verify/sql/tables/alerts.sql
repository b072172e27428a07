BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.alert_change'::regtype;
END;
$$;

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

ROLLBACK;
