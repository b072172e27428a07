BEGIN;

SELECT
    channel,
    kind,
    minimum_severity,
    is_enabled,
    is_default,
    rate_per_minute,
    rate_burst,
    rate_tokens,
    rate_tokens_at,
    group_until,
    group_messages_left,
    group_severity
FROM health.channels
WHERE false;

SELECT
    delivery_id,
    incident_id,
    channel,
    event,
    step,
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
    outcome,
    is_first,
    lines,
    is_noted
FROM health.deliveries
WHERE false;

SELECT
    channel,
    incident_id,
    event,
    step,
    severity,
    number,
    is_alone,
    is_first,
    queued_at
FROM health_internal.notices
WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.digest_line'::regtype;
    PERFORM 'health_internal.mute'::regtype;
END;
$$;

ROLLBACK;
