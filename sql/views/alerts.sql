-- Alerts as people read them: what is open, what happened, what was not sent and why.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.open_alerts AS
SELECT
    alerts.alert_id,
    alerts.agent_id,
    alerts.rule,
    alerts.severity,
    alerts.opened_at,
    CASE WHEN incidents.is_acknowledged THEN incidents.acknowledged_at END AS acknowledged_at,
    CASE WHEN incidents.is_acknowledged THEN incidents.acknowledged_by END AS acknowledged_by,
    alerts.summary,
    alerts.details,
    alerts.incident_id,
    CASE WHEN incidents.is_acknowledged THEN incidents.acknowledged_until END
        AS acknowledged_until,
    incidents.told_at,
    incidents.withheld
FROM health.alerts
INNER JOIN health.incidents ON alerts.incident_id = incidents.incident_id
WHERE alerts.resolved_at IS NULL;
COMMENT ON VIEW health.open_alerts IS 'One row per open alert; stable within a major version.';

CREATE VIEW health.alert_history AS
SELECT
    events.alert_event_id,
    alerts.alert_id,
    incidents.agent_id,
    alerts.rule,
    alerts.severity,
    events.occurred_at,
    events.event,
    events.reason,
    events.delivery_id,
    events.reason_code,
    events.channel,
    alerts.incident_id
-- An agent's are found by its incidents.
FROM health.incidents
INNER JOIN health.alerts ON incidents.incident_id = alerts.incident_id
INNER JOIN health.alert_events AS events
    ON alerts.incident_id = events.incident_id
    AND (
        alerts.alert_id = events.alert_id
        -- What happened to the incident happened to its alerts of that time.
        OR (
            events.alert_id IS NULL
            AND alerts.opened_at <= events.occurred_at
            AND coalesce(alerts.resolved_at, 'infinity') >= events.occurred_at
        )
    )
UNION ALL
SELECT
    events.alert_event_id,
    alerts.alert_id,
    incidents.agent_id,
    alerts.rule,
    alerts.severity,
    deliveries.finished_at,
    CASE deliveries.state WHEN 'delivered' THEN 'delivered' ELSE 'failed' END,
    deliveries.state,
    events.delivery_id,
    NULL,
    events.channel,
    alerts.incident_id
FROM health.incidents
INNER JOIN health.alerts ON incidents.incident_id = alerts.incident_id
INNER JOIN health.alert_events AS events
    ON alerts.incident_id = events.incident_id
    AND events.alert_id IS NULL
    AND alerts.opened_at <= events.occurred_at
    AND coalesce(alerts.resolved_at, 'infinity') >= events.occurred_at
    AND events.event IN ('queued', 'grouped')
INNER JOIN health.deliveries
    ON events.delivery_id = deliveries.delivery_id AND deliveries.state IN ('delivered', 'dead');
COMMENT ON VIEW health.alert_history IS
'One row per thing that happened to an alert, sent or not; stable within a major version.';

CREATE VIEW health.suppressions AS
SELECT
    events.alert_event_id AS suppression_id,
    events.occurred_at,
    events.agent_id,
    events.incident_id,
    events.reason_code,
    events.reason,
    events.channel,
    events.delivery_id
FROM health.alert_events AS events
WHERE events.event IN ('suppressed', 'grouped');
COMMENT ON VIEW health.suppressions IS
'One row per message that was not sent, or not by itself, and why; stable within a major version.';

CALL health_internal.hand_on_comments('health.open_alerts', 'health.alerts', 'health.incidents');
CALL health_internal.hand_on_comments(
    'health.alert_history', 'health.alert_events', 'health.alerts'
);
CALL health_internal.hand_on_comments('health.suppressions', 'health.alert_events');

COMMENT ON COLUMN health.alert_history.alert_id IS 'Which alert.';
COMMENT ON COLUMN health.alert_history.event IS
'opened, queued, grouped, suppressed, acknowledged, unacknowledged, false_positive, delivered, failed or resolved.';
COMMENT ON COLUMN health.suppressions.suppression_id IS 'Number of the row of the ledger.';

GRANT SELECT ON health.open_alerts, health.alert_history, health.suppressions
TO health_analyst, health_bridge;

COMMIT;
