-- Messages leave through the outbox: claimed under a lease, by one bridge at a time.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.incidents_of(p_delivery health.deliveries)
RETURNS bigint []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (p_delivery).lines IS NULL THEN array_remove(ARRAY[(p_delivery).incident_id], NULL)
    ELSE (SELECT array_agg(lines.incident_id) FROM unnest((p_delivery).lines) AS lines)
END;
COMMENT ON FUNCTION health_internal.incidents_of(health.deliveries) IS
'Incidents a message tells of.';

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
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- One plan, which takes the first few in the order of the index, however many wait.
SET plan_cache_mode = force_generic_plan
SET enable_sort = off
SET enable_seqscan = off
SET jit = off
ROWS 20
AS $$
#variable_conflict use_column
DECLARE
    v_muted bigint [] := '{}'::bigint [];
BEGIN
    -- A mute withdraws what waits when it begins. It does not see what a tick queues at that moment:
    -- that is withdrawn here, or by the next call where somebody is writing the incident.
    IF health_internal.has_mutes(p_now) THEN
        v_muted := health_internal.muted_deliveries(p_now, ARRAY(
            SELECT due.delivery_id
            FROM health.deliveries AS due
            WHERE due.state = 'pending'
                AND health_internal.due_at(due) <= p_now
        ));
    END IF;
    IF v_muted <> '{}' THEN
        PERFORM health_internal.withdraw_messages(p_now, ARRAY(
            SELECT unnest(health_internal.incidents_of(messages))
            FROM health.deliveries AS messages
            WHERE messages.delivery_id = ANY (v_muted)
        ));
        -- A digest that lost its muted lines may leave.
        v_muted := health_internal.muted_deliveries(p_now, v_muted);
    END IF;

    -- Two bridges draw from one bucket one after the other; a channel without a rate has none.
    IF EXISTS (SELECT FROM health.channels WHERE channels.rate_per_minute IS NOT NULL) THEN
        PERFORM FROM health.channels
        WHERE channels.rate_per_minute IS NOT NULL
            AND EXISTS (
                SELECT FROM health.deliveries AS due
                WHERE due.state = 'pending'
                    AND health_internal.due_at(due) <= p_now
                    AND due.channel = channels.channel
            )
        ORDER BY channels.channel
        FOR UPDATE;
    END IF;

    RETURN QUERY
    WITH locked AS MATERIALIZED (
        -- As the index gives them, so that those behind are not looked at.
        SELECT
            due.delivery_id,
            due.channel,
            row_number() OVER () AS number
        FROM (
            SELECT
                due.delivery_id,
                due.channel
            FROM health.deliveries AS due
            WHERE due.state = 'pending'
                AND health_internal.due_at(due) <= p_now
                AND due.channel = ANY (ARRAY(
                    SELECT channels.channel
                    FROM health.channels
                    WHERE (p_channels IS NULL OR channels.channel = ANY (p_channels))
                        AND health_internal.channel_tokens(channels, p_now) >= 1
                ))
                AND NOT due.delivery_id = ANY (v_muted)
            ORDER BY health_internal.due_at(due), due.delivery_id
            LIMIT least(greatest(p_limit, 0), 1000)
            FOR UPDATE SKIP LOCKED
        ) AS due
    ),

    chosen AS MATERIALIZED (
        SELECT queues.delivery_id, queues.channel
        FROM (
            SELECT
                locked.delivery_id,
                locked.channel,
                row_number() OVER (
                    PARTITION BY locked.channel ORDER BY locked.number
                ) AS place
            FROM locked
            -- Asked again by this very statement: what it sees to claim it sees muted.
            WHERE NOT locked.delivery_id = ANY (
                (
                    SELECT health_internal.muted_deliveries(p_now, ARRAY(
                        SELECT locked.delivery_id FROM locked
                    )) AS muted
                )::bigint []
            )
        ) AS queues
        INNER JOIN health.channels ON queues.channel = channels.channel
        WHERE queues.place <= health_internal.channel_tokens(channels, p_now)
    ),

    drawn AS (
        UPDATE health.channels
        SET
            rate_tokens = health_internal.channel_tokens(channels, p_now) - taken.message_count,
            rate_tokens_at = greatest(p_now, channels.rate_tokens_at)
        FROM (
            SELECT chosen.channel, count(*) AS message_count
            FROM chosen
            GROUP BY chosen.channel
        ) AS taken
        WHERE channels.channel = taken.channel AND channels.rate_per_minute IS NOT NULL
    )

    UPDATE health.deliveries AS messages
    SET
        state = 'claimed',
        attempt = messages.attempt + 1,
        claimed_by = p_worker,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = p_now + interval '30 seconds'
    -- By the index, however many messages there were when the plan was made.
    WHERE messages.delivery_id = ANY (ARRAY(SELECT chosen.delivery_id FROM chosen))
    RETURNING
        messages.delivery_id, messages.channel, messages.severity, messages.subject, messages.body,
        messages.agent_ids, messages.details, messages.idempotency_key, messages.attempt,
        messages.fencing_token, messages.lease_until;
END;
$$;
COMMENT ON FUNCTION health.claim_deliveries(text, integer, text [], timestamptz) IS
'Claims due messages for p_worker for 30 s, only of p_channels where given; what its bridge did not report '
'in time the tick makes due again, with the same idempotency_key. What is muted is withdrawn instead. A channel with a rate hands out as many as its '
'bucket holds; the others wait, and beyond its burst become one digest.';

GRANT EXECUTE ON FUNCTION health.claim_deliveries(text, integer, text [], timestamptz)
TO health_bridge;

COMMIT;
