-- From notices to messages: alone and at once while a channel is quiet, else in its next digest.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.route_modes(
    p_now timestamptz,
    p_fresh health_internal.notices [] DEFAULT '{}'
)
RETURNS TABLE (
    channel text,
    mode text,
    page_count bigint,
    has_window boolean,
    messages_left integer,
    top_rank integer
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        routes.channel,
        CASE
            WHEN NOT routes.has_window AND routes.oldest_at > p_now - settings.group_wait
                THEN 'hold'
            WHEN routes.messages_left = 0
                AND coalesce(
                    routes.top_rank <= health_internal.severity_rank(routes.group_severity), true
                )
                THEN 'hold'
            WHEN routes.notice_count = 1 OR (
                routes.page_count <= routes.messages_left
                AND routes.notice_count <= settings.group_burst
                -- What had to wait is one digest.
                AND routes.oldest_at >= p_now - settings.group_wait
            )
                THEN 'single'
            ELSE 'digest'
        END,
        routes.page_count,
        routes.has_window,
        routes.messages_left,
        routes.top_rank
    FROM (
        SELECT
            channels.channel,
            channels.group_severity,
            waiting.*,
            coalesce(channels.group_until > p_now, false) AS has_window,
            CASE
                WHEN channels.group_until > p_now THEN channels.group_messages_left
                ELSE settings.group_burst
            END AS messages_left
        FROM (
            SELECT
                notices.channel AS route,
                count(*) AS notice_count,
                count(*) FILTER (WHERE notices.event <> 'resolved') AS page_count,
                max(health_internal.severity_rank(notices.severity))
                    FILTER (WHERE notices.event <> 'resolved') AS top_rank,
                min(notices.queued_at) AS oldest_at
            FROM (
                SELECT waiting.* FROM health_internal.notices AS waiting
                UNION ALL
                SELECT fresh.* FROM unnest(p_fresh) AS fresh
            ) AS notices
            WHERE NOT notices.is_alone
            GROUP BY notices.channel
        ) AS waiting
        INNER JOIN health.channels ON waiting.route = channels.channel
        CROSS JOIN health.settings
    ) AS routes
    CROSS JOIN health.settings;
$$;
COMMENT ON FUNCTION health_internal.route_modes(timestamptz, health_internal.notices []) IS
'What becomes of each channel''s notices now, those of p_fresh too: single (a message each), digest, or hold. A page on a '
'quiet channel opens a window of settings.group_interval in which group_burst pages leave at once; then '
'they wait for its end, unless more severe than any paged in it. All-clears take no page''s place. What '
'is_alone is no part of it.';

CREATE OR REPLACE FUNCTION health_internal.send_notices(
    p_now timestamptz,
    p_fresh health_internal.notices [] DEFAULT '{}'
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_count bigint;
BEGIN
    IF p_fresh = '{}' AND NOT EXISTS (SELECT FROM health_internal.notices) THEN
        RETURN 0;
    END IF;

    WITH modes AS MATERIALIZED (
        SELECT routes.* FROM health_internal.route_modes(p_now, p_fresh) AS routes
    ),

    -- What changes nothing is not written.
    windows AS (
        UPDATE health.channels
        SET
            group_until = CASE
                WHEN modes.has_window THEN channels.group_until
                ELSE p_now + settings.group_interval
            END,
            group_messages_left = CASE modes.mode
                WHEN 'single' THEN greatest(0, modes.messages_left - modes.page_count::integer)
                ELSE 0
            END,
            group_severity = health_internal.severity_of_rank(greatest(
                modes.top_rank,
                CASE WHEN modes.has_window
                    THEN health_internal.severity_rank(channels.group_severity)
                END
            ))
        FROM modes
        CROSS JOIN health.settings
        WHERE channels.channel = modes.channel AND modes.mode <> 'hold' AND modes.page_count > 0
    ),

    fresh AS MATERIALIZED (
        SELECT
            given.*,
            CASE WHEN given.is_alone THEN 'single' ELSE modes.mode END AS mode
        FROM unnest(p_fresh) AS given
        LEFT JOIN modes ON given.channel = modes.channel
    ),

    held AS (
        INSERT INTO health_internal.notices AS waiting (
            channel, incident_id, event, step, severity, number, is_alone, is_first, queued_at
        )
        SELECT
            fresh.channel, fresh.incident_id, fresh.event, fresh.step, fresh.severity,
            fresh.number, fresh.is_alone, fresh.is_first, fresh.queued_at
        FROM fresh
        WHERE fresh.mode = 'hold'
        RETURNING waiting.channel, waiting.incident_id
    ),

    taken AS (
        DELETE FROM health_internal.notices AS waiting
        USING health.channels LEFT JOIN modes ON channels.channel = modes.channel
        WHERE waiting.channel = channels.channel
            AND (waiting.is_alone OR modes.mode <> 'hold')
        RETURNING
            waiting.*, CASE WHEN waiting.is_alone THEN 'single' ELSE modes.mode END AS mode
    ),

    -- What is held is neither alone nor in a digest.
    leaving AS MATERIALIZED (
        SELECT taken.* FROM taken
        UNION ALL
        SELECT fresh.* FROM fresh
    ),

    texts AS MATERIALIZED (
        SELECT
            several.incident_id, several.event, several.step, several.severity,
            message.subject, message.body, message.details
        FROM (
            SELECT DISTINCT
                leaving.incident_id, leaving.event, leaving.step, leaving.severity
            FROM leaving
            WHERE leaving.mode = 'single'
        ) AS several
        CROSS JOIN LATERAL health_internal.incident_message(
            p_now, several.incident_id, several.event, several.step, several.severity
        ) AS message
    ),

    queued AS (
        INSERT INTO health.deliveries (
            incident_id, channel, event, step, severity, subject, body, agent_ids, details,
            idempotency_key, created_at, not_before, is_first, lines, is_noted
        )
        SELECT
            leaving.incident_id,
            leaving.channel,
            leaving.event,
            leaving.step,
            leaving.severity,
            texts.subject,
            texts.body,
            array_remove(ARRAY[texts.details ->> 'agent_id'], NULL),
            texts.details,
            format(
                'incident-%s-%s-%s-%s',
                leaving.incident_id, leaving.event, leaving.number, leaving.channel
            ),
            p_now,
            p_now,
            leaving.is_first,
            NULL,
            true
        FROM leaving
        INNER JOIN texts
            ON leaving.incident_id = texts.incident_id
            AND leaving.event = texts.event
            AND leaving.step = texts.step
            AND leaving.severity = texts.severity
        WHERE leaving.mode = 'single'
        UNION ALL
        SELECT
            NULL, digests.channel, 'digest', 0, digests.severity, digests.subject, digests.body,
            digests.agent_ids, digests.details,
            format('digest-%s-%s', nextval('health_internal.fencing_tokens'), digests.channel),
            p_now, p_now, false, digests.lines, false
        FROM health_internal.compose_digests(ARRAY(
            SELECT
                ROW(
                    leaving.channel, leaving.incident_id, leaving.event, leaving.severity,
                    leaving.is_first
                )::health_internal.digest_line
            FROM leaving
            WHERE leaving.mode = 'digest'
        )) AS digests
        RETURNING
            deliveries.delivery_id, deliveries.incident_id, deliveries.channel, deliveries.event
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel, delivery_id
        )
        SELECT
            p_now, queued.incident_id, incidents.agent_id, 'queued', NULL, queued.event,
            queued.channel, queued.delivery_id
        FROM queued
        INNER JOIN health.incidents ON queued.incident_id = incidents.incident_id
        UNION ALL
        -- Held from now on: the digest at the end of the window.
        SELECT
            p_now, waiting.incident_id, incidents.agent_id, 'suppressed', 'group_interval',
            'waits for the digest of ' || coalesce(
                channels.group_until, p_now + settings.group_wait
            ),
            waiting.channel, NULL
        FROM (
            SELECT notices.channel, notices.incident_id
            FROM modes
            INNER JOIN health_internal.notices ON modes.channel = notices.channel
            WHERE modes.mode = 'hold' AND notices.queued_at = p_now AND NOT notices.is_alone
                -- A storm's tick comes here twice.
                AND NOT EXISTS (
                    SELECT FROM health.alert_events AS known
                    WHERE known.incident_id = notices.incident_id
                        AND known.occurred_at = p_now
                        AND known.channel = notices.channel
                        AND known.reason_code = 'group_interval'
                )
            UNION ALL
            SELECT held.channel, held.incident_id FROM held
        ) AS waiting
        INNER JOIN health.channels ON waiting.channel = channels.channel
        INNER JOIN health.incidents ON waiting.incident_id = incidents.incident_id
        CROSS JOIN health.settings
    )

    SELECT count(*)
    INTO v_count
    FROM queued;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.send_notices(timestamptz, health_internal.notices []) IS
'Queues the messages of channels that may speak now (see route_modes), p_fresh too, has the others '
'wait, and notes each in the ledger, the lines of digests by way of note_digests; returns how many.';

COMMIT;
