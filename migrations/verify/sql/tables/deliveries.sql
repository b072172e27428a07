BEGIN;

SELECT
    channel,
    kind,
    minimum_severity,
    is_enabled
FROM health.channels
WHERE false;

SELECT
    delivery_id,
    incident_id,
    channel,
    event,
    severity,
    subject,
    body,
    agent_ids,
    details,
    idempotency_key,
    state,
    attempt,
    created_at,
    not_before,
    claimed_by,
    fencing_token,
    lease_until,
    finished_at,
    outcome
FROM health.deliveries
WHERE false;

ROLLBACK;
