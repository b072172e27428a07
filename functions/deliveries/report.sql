-- What became of a claimed message: delivered, tried again with growing waits, or given up, never lost.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.retry_seconds(p_attempt integer)
RETURNS double precision
LANGUAGE sql
VOLATILE
RETURN CASE WHEN p_attempt < 10 THEN 2 ^ p_attempt * (1 - random() / 4) END;
COMMENT ON FUNCTION health_internal.retry_seconds(integer) IS
'How long a message waits after an attempt that failed, seconds: 2 doubling to 512, less up to a quarter at '
'random. NULL after the tenth: it is given up.';

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
    v_outcome constant jsonb := jsonb_build_object('reported', p_outcome) || coalesce(p_details, '{}');
    v_wait_seconds double precision;
    v_state text;
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN (
        'delivered', 'failed', 'refused', 'released'
    ) THEN
        RAISE EXCEPTION 'outcome "%" of a delivery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report delivered, failed, refused or released.';
    END IF;

    -- By far the most, and so without what only the others need.
    IF p_outcome = 'delivered' THEN
        UPDATE health.deliveries AS messages
        SET
            state = 'delivered',
            lease_until = NULL,
            finished_at = p_now,
            outcome = v_outcome
        WHERE messages.delivery_id = p_delivery_id
            AND messages.fencing_token = p_fencing_token
            AND messages.state = 'claimed';
        RETURN FOUND;
    END IF;

    -- NULL: given up.
    v_wait_seconds := CASE p_outcome
        WHEN 'released' THEN 0
        WHEN 'failed' THEN health_internal.retry_seconds((
            SELECT messages.attempt
            FROM health.deliveries AS messages
            WHERE messages.delivery_id = p_delivery_id
        ))
    END;
    UPDATE health.deliveries AS messages
    SET
        state = CASE WHEN v_wait_seconds IS NULL THEN 'dead' ELSE 'pending' END,
        -- Given back untried, as by a bridge that stops: that was no attempt.
        attempt = messages.attempt - (p_outcome = 'released')::integer,
        -- At the earliest when the receiver asked for it.
        not_before = CASE
            WHEN v_wait_seconds > 0 THEN p_now + make_interval(secs => greatest(
                CASE
                    WHEN jsonb_typeof(p_details -> 'retry_after_seconds') = 'number'
                        THEN least(3600, (p_details ->> 'retry_after_seconds')::float8)
                END,
                v_wait_seconds
            ))
            ELSE messages.not_before
        END,
        lease_until = NULL,
        finished_at = CASE WHEN v_wait_seconds IS NULL THEN p_now END,
        outcome = v_outcome
    WHERE messages.delivery_id = p_delivery_id
        AND messages.fencing_token = p_fencing_token
        AND messages.state = 'claimed'
    RETURNING messages.state INTO v_state;
    -- A mute that began while a bridge had it holds for the next attempt.
    IF v_state = 'pending' THEN
        PERFORM health_internal.withdraw_messages(p_now, (
            SELECT health_internal.incidents_of(messages)
            FROM health.deliveries AS messages
            WHERE messages.delivery_id = p_delivery_id
        ));
    END IF;
    IF p_outcome = 'released' AND v_state IS NOT NULL THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    RETURN v_state IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION health.report_delivery(bigint, bigint, text, jsonb, timestamptz) IS
'Reports what became of a claimed message: delivered, failed (tried again with growing waits, or '
'after details.retry_after_seconds; given up after ten attempts), refused (given up) or released '
'(untried: pending again at once). What is given up raises the alert dead_letters. Returns false where '
'the lease was lost. What failed or was released is not tried again while its incident is muted. Raises RC001 for another outcome.';

GRANT EXECUTE ON FUNCTION health.report_delivery(bigint, bigint, text, jsonb, timestamptz)
TO health_bridge;

COMMIT;
