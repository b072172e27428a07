-- Messages leave through the outbox: claimed under a lease, retried with growing waits, never lost.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.claim_deliveries(
    p_worker text,
    p_limit integer DEFAULT 20,
    p_channels text [] DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    delivery_id bigint,
    channel text,
    severity text,
    subject text,
    body text,
    agent_ids text [],
    details jsonb,
    idempotency_key text,
    attempt integer,
    fencing_token bigint,
    lease_until timestamptz
)
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE health.deliveries AS messages
    SET
        state = 'claimed',
        attempt = messages.attempt + 1,
        claimed_by = p_worker,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = p_now + interval '30 seconds'
    FROM (
        SELECT due.delivery_id
        FROM health.deliveries AS due
        WHERE (due.state = 'pending' OR (due.state = 'claimed' AND due.lease_until < p_now))
            AND due.not_before <= p_now
            AND (p_channels IS NULL OR due.channel = ANY (p_channels))
        ORDER BY due.not_before, due.delivery_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    WHERE messages.delivery_id = chosen.delivery_id
    RETURNING
        messages.delivery_id, messages.channel, messages.severity, messages.subject, messages.body,
        messages.agent_ids, messages.details, messages.idempotency_key, messages.attempt,
        messages.fencing_token, messages.lease_until;
$$;
COMMENT ON FUNCTION health.claim_deliveries(text, integer, text [], timestamptz) IS
'Claims due messages for p_worker for 30 s, only of p_channels where given; messages whose lease ran '
'out are claimed again, with the same idempotency_key.';

CREATE OR REPLACE FUNCTION health.report_delivery(
    p_delivery_id bigint,
    p_fencing_token bigint,
    p_outcome text,
    p_details jsonb DEFAULT '{}',
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text;
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN ('delivered', 'failed', 'refused') THEN
        RAISE EXCEPTION 'outcome "%" of a delivery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report delivered, failed or refused.';
    END IF;

    WITH reported AS (
        UPDATE health.deliveries AS messages
        SET
            state = CASE
                WHEN p_outcome = 'delivered' THEN 'delivered'
                WHEN p_outcome = 'refused' OR messages.attempt >= 10 THEN 'dead'
                ELSE 'pending'
            END,
            -- 2 s doubling to 10 min, less up to a quarter at random; or what the receiver asked for.
            not_before = CASE
                WHEN p_outcome <> 'failed' THEN messages.not_before
                ELSE p_now + make_interval(secs => greatest(
                    CASE
                        WHEN jsonb_typeof(p_details -> 'retry_after_seconds') = 'number'
                            THEN least(3600, (p_details ->> 'retry_after_seconds')::float8)
                        ELSE 0
                    END,
                    least(600, 2 ^ least(messages.attempt, 20)) * (1 - random() / 4)
                ))
            END,
            lease_until = NULL,
            finished_at = CASE
                WHEN p_outcome IN ('delivered', 'refused') OR messages.attempt >= 10 THEN p_now
            END,
            outcome = jsonb_build_object('reported', p_outcome) || coalesce(p_details, '{}')
        WHERE messages.delivery_id = p_delivery_id
            AND messages.fencing_token = p_fencing_token
            AND messages.state = 'claimed'
        RETURNING messages.state, messages.delivery_id
    ),

    noted AS (
        INSERT INTO health.alert_events (alert_id, occurred_at, event, reason, delivery_id)
        SELECT DISTINCT
            queued.alert_id,
            p_now,
            CASE reported.state WHEN 'delivered' THEN 'delivered' ELSE 'failed' END,
            reported.state,
            reported.delivery_id
        FROM reported
        INNER JOIN health.alert_events AS queued
            ON reported.delivery_id = queued.delivery_id
            AND queued.event IN ('queued', 'grouped')
    )

    SELECT reported.state
    INTO v_state
    FROM reported;
    RETURN v_state IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION health.report_delivery(bigint, bigint, text, jsonb, timestamptz) IS
'Reports what became of a claimed message: delivered, failed (tried again with growing waits, or '
'after details.retry_after_seconds; given up after ten attempts) or refused (given up). Returns '
'false where the lease was lost. Raises RC001 for another outcome.';

CREATE OR REPLACE FUNCTION health.set_channel(
    p_channel text,
    p_kind text,
    p_minimum_severity text DEFAULT 'warning',
    p_is_enabled boolean DEFAULT true
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO health.channels AS channels (channel, kind, minimum_severity, is_enabled)
    VALUES (p_channel, p_kind, p_minimum_severity, p_is_enabled)
    ON CONFLICT (channel) DO UPDATE SET
        kind = excluded.kind,
        minimum_severity = excluded.minimum_severity,
        is_enabled = excluded.is_enabled;
$$;
COMMENT ON FUNCTION health.set_channel(text, text, text, boolean) IS
'Adds or changes a way to send messages. A channel is a name; its address and secret are in the '
'bridge''s configuration.';

GRANT EXECUTE ON FUNCTION health.claim_deliveries(text, integer, text [], timestamptz),
health.report_delivery(bigint, bigint, text, jsonb, timestamptz) TO health_bridge;
GRANT EXECUTE ON FUNCTION health.set_channel(text, text, text, boolean) TO health_admin;

COMMIT;
