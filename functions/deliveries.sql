-- Messages leave through the outbox: claimed under a lease, retried with growing waits, never lost.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.channel_tokens(
    p_channel health.channels,
    p_now timestamptz
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN (p_channel).rate_per_minute IS NULL THEN 'infinity'::double precision
    ELSE least(
        (p_channel).rate_burst,
        coalesce(
            (p_channel).rate_tokens + (p_channel).rate_per_minute * greatest(
                0, date_part('epoch', p_now - (p_channel).rate_tokens_at) / 60
            ),
            (p_channel).rate_burst
        )
    )
END;
COMMENT ON FUNCTION health_internal.channel_tokens(health.channels, timestamptz) IS
'Messages a channel may be handed at p_now: its bucket fills at rate_per_minute up to rate_burst.';

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
ROWS 20
AS $$
#variable_conflict use_column
DECLARE
    v_muted constant bigint [] := health_internal.muted_deliveries(p_now);
BEGIN
    -- A mute withdraws what waits when it begins. It does not see what a tick queues at that moment:
    -- that is withdrawn here, or by the next call where somebody is writing the incident.
    IF v_muted <> '{}' THEN
        PERFORM health_internal.withdraw_messages(p_now, ARRAY(
            SELECT unnest(health_internal.incidents_of(messages))
            FROM health.deliveries AS messages
            WHERE messages.delivery_id = ANY (v_muted)
        ));
    END IF;

    -- Two bridges draw from one bucket one after the other; a channel without a rate has none.
    PERFORM FROM health.channels
    WHERE channels.rate_per_minute IS NOT NULL
        AND EXISTS (
            SELECT FROM health.deliveries AS due
            WHERE due.state IN ('pending', 'claimed')
                AND due.not_before <= p_now
                AND due.channel = channels.channel
        )
    ORDER BY channels.channel
    FOR UPDATE;

    RETURN QUERY
    WITH locked AS (
        SELECT due.delivery_id, due.channel, due.not_before
        FROM health.deliveries AS due
        INNER JOIN health.channels ON due.channel = channels.channel
        WHERE due.state IN ('pending', 'claimed')
            AND health_internal.is_waiting(due, p_now)
            AND due.not_before <= p_now
            -- Asked again by this very statement: what it sees to claim it sees muted.
            AND NOT due.delivery_id = ANY (
                (SELECT health_internal.muted_deliveries(p_now) AS muted)::bigint []
            )
            AND (p_channels IS NULL OR due.channel = ANY (p_channels))
            AND health_internal.channel_tokens(channels, p_now) >= 1
        ORDER BY due.not_before, due.delivery_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE OF due SKIP LOCKED
    ),

    chosen AS MATERIALIZED (
        SELECT queues.delivery_id, queues.channel
        FROM (
            SELECT
                locked.*,
                row_number() OVER (
                    PARTITION BY locked.channel ORDER BY locked.not_before, locked.delivery_id
                ) AS place
            FROM locked
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
    FROM chosen
    WHERE messages.delivery_id = chosen.delivery_id
    RETURNING
        messages.delivery_id, messages.channel, messages.severity, messages.subject, messages.body,
        messages.agent_ids, messages.details, messages.idempotency_key, messages.attempt,
        messages.fencing_token, messages.lease_until;
END;
$$;
COMMENT ON FUNCTION health.claim_deliveries(text, integer, text [], timestamptz) IS
'Claims due messages for p_worker for 30 s, only of p_channels where given; messages whose lease ran '
'out are claimed again, with the same idempotency_key. What is muted is withdrawn instead. A channel with a rate hands out as many as its '
'bucket holds; the others wait, and beyond its burst become one digest.';

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
    v_incident_ids bigint [];
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN (
        'delivered', 'failed', 'refused', 'released'
    ) THEN
        RAISE EXCEPTION 'outcome "%" of a delivery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report delivered, failed, refused or released.';
    END IF;

    UPDATE health.deliveries AS messages
    SET
        state = CASE
            WHEN p_outcome = 'delivered' THEN 'delivered'
            WHEN p_outcome = 'released' THEN 'pending'
            WHEN p_outcome = 'refused' OR messages.attempt >= 10 THEN 'dead'
            ELSE 'pending'
        END,
        -- Given back untried, as by a bridge that stops: that was no attempt.
        attempt = messages.attempt - (p_outcome = 'released')::integer,
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
            WHEN p_outcome IN ('delivered', 'refused')
                OR (p_outcome = 'failed' AND messages.attempt >= 10) THEN p_now
        END,
        outcome = jsonb_build_object('reported', p_outcome) || coalesce(p_details, '{}')
    WHERE messages.delivery_id = p_delivery_id
        AND messages.fencing_token = p_fencing_token
        AND messages.state = 'claimed'
    RETURNING messages.state, health_internal.incidents_of(messages)
    INTO v_state, v_incident_ids;
    -- A mute that began while a bridge had it holds for the next attempt.
    IF v_state = 'pending' THEN
        PERFORM health_internal.withdraw_messages(p_now, v_incident_ids);
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

CREATE OR REPLACE FUNCTION health_internal.bundle_deliveries(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_count bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM health.channels WHERE channels.rate_per_minute IS NOT NULL) THEN
        RETURN 0;
    END IF;
    WITH crowded AS MATERIALIZED (
        SELECT waiting.channel
        FROM health.deliveries AS waiting
        INNER JOIN health.channels ON waiting.channel = channels.channel
        WHERE waiting.state = 'pending'
            AND waiting.not_before <= p_now
            AND waiting.incident_id IS NOT NULL
            AND channels.rate_per_minute IS NOT NULL
        GROUP BY waiting.channel, channels.rate_burst, channels
        HAVING count(*) > channels.rate_burst
            AND count(*) > health_internal.channel_tokens(channels, p_now)
    ),

    -- What a bridge is claiming at this moment is left to it.
    locked AS MATERIALIZED (
        SELECT waiting.delivery_id
        FROM health.deliveries AS waiting
        INNER JOIN crowded ON waiting.channel = crowded.channel
        WHERE waiting.state = 'pending'
            AND waiting.not_before <= p_now
            AND waiting.incident_id IS NOT NULL
        FOR UPDATE OF waiting SKIP LOCKED
    ),

    bundled AS MATERIALIZED (
        UPDATE health.deliveries AS waiting
        SET
            state = 'cancelled',
            finished_at = p_now,
            outcome = '{"reason": "throttled: bundled into a digest"}'
        FROM locked
        WHERE waiting.delivery_id = locked.delivery_id
        RETURNING waiting.*
    ),

    queued AS (
        INSERT INTO health.deliveries (
            channel, event, severity, subject, body, agent_ids, details, idempotency_key,
            created_at, not_before, lines
        )
        SELECT
            digests.channel, 'digest', digests.severity, digests.subject, digests.body,
            digests.agent_ids, digests.details,
            format('digest-%s-%s', nextval('health_internal.fencing_tokens'), digests.channel),
            p_now, p_now, digests.lines
        FROM health_internal.compose_digests(ARRAY(
            -- Several messages of one incident are one line, its latest.
            SELECT
                ROW(
                    bundled.channel,
                    bundled.incident_id,
                    (array_agg(bundled.event ORDER BY bundled.delivery_id DESC))[1],
                    (array_agg(bundled.severity ORDER BY bundled.delivery_id DESC))[1],
                    bool_or(bundled.is_first)
                )::health_internal.digest_line
            FROM bundled
            GROUP BY bundled.channel, bundled.incident_id
        )) AS digests
        RETURNING deliveries.delivery_id, deliveries.channel
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel, delivery_id
        )
        SELECT
            p_now, bundled.incident_id, incidents.agent_id, 'grouped', 'throttled',
            'message ' || bundled.delivery_id || ' was bundled', bundled.channel,
            queued.delivery_id
        FROM bundled
        INNER JOIN queued ON bundled.channel = queued.channel
        INNER JOIN health.incidents ON bundled.incident_id = incidents.incident_id
    )

    SELECT count(*)
    INTO v_count
    FROM queued;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.bundle_deliveries(timestamptz) IS
'Makes one digest of the waiting messages of a channel that holds more of them than its bucket will '
'ever hand out at once; nothing is lost. Returns how many digests.';

CREATE OR REPLACE FUNCTION health.set_channel(
    p_channel text,
    p_kind text,
    p_minimum_severity text DEFAULT 'warning',
    p_is_enabled boolean DEFAULT true,
    p_is_default boolean DEFAULT true,
    p_rate_per_minute double precision DEFAULT NULL,
    p_rate_burst integer DEFAULT 5
)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO health.channels AS channels (
        channel, kind, minimum_severity, is_enabled, is_default, rate_per_minute, rate_burst
    )
    VALUES (
        p_channel, p_kind, p_minimum_severity, p_is_enabled, p_is_default, p_rate_per_minute,
        p_rate_burst
    )
    ON CONFLICT (channel) DO UPDATE SET
        kind = excluded.kind,
        minimum_severity = excluded.minimum_severity,
        is_enabled = excluded.is_enabled,
        is_default = excluded.is_default,
        rate_per_minute = excluded.rate_per_minute,
        rate_burst = excluded.rate_burst;
$$;
COMMENT ON FUNCTION health.set_channel(
    text, text, text, boolean, boolean, double precision, integer
) IS
'Adds or changes a way to send messages. A channel is a name; its address and secret are in the '
'bridge''s configuration. p_is_default: it hears of every incident from p_minimum_severity on, else only '
'by steps of escalation policies. p_rate_per_minute and p_rate_burst throttle it.';

GRANT EXECUTE ON FUNCTION health.claim_deliveries(text, integer, text [], timestamptz),
health.report_delivery(bigint, bigint, text, jsonb, timestamptz) TO health_bridge;
GRANT EXECUTE ON FUNCTION health.set_channel(
    text, text, text, boolean, boolean, double precision, integer
) TO health_admin;

COMMIT;
