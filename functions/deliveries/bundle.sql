-- What a throttled channel will never hand out singly becomes one digest.
BEGIN;

SET LOCAL ROLE health_owner;

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

COMMIT;
