-- What was decided before a mute and has not left: a silence, maintenance or an acknowledgement takes it
-- back in its own transaction. Entry points: withdraw_messages, and withdraw_at_once for operators.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.withdraw_messages(
    p_now timestamptz,
    p_incident_ids bigint [] DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_waiting bigint [];
    v_muted health_internal.mute [];
    v_agent_ids text [];
    v_count bigint;
BEGIN
    IF NOT health_internal.has_mutes(p_now) THEN
        RETURN 0;
    END IF;
    v_waiting := ARRAY(
        SELECT waiting.incident_id
        FROM (
            SELECT notices.incident_id FROM health_internal.notices
            UNION ALL
            SELECT messages.incident_id
            FROM health.deliveries AS messages
            WHERE messages.state IN ('pending', 'claimed')
            UNION
            SELECT lines.incident_id
            FROM health.deliveries AS messages
            CROSS JOIN LATERAL unnest(messages.lines) AS lines
            WHERE messages.state IN ('pending', 'claimed')
        ) AS waiting
        WHERE p_incident_ids IS NULL
            OR waiting.incident_id IN (SELECT unnest(p_incident_ids))
    );
    IF v_waiting = '{}' THEN
        RETURN 0;
    END IF;
    -- What the ledger says of lines that are taken away is mended below.
    PERFORM health_internal.note_digests(true);
    -- What somebody else is writing at this moment he mutes himself, or the next tick looks at it.
    v_muted := ARRAY(
        SELECT muted
        FROM unnest(health_internal.muted_incidents(p_now, v_waiting)) AS muted
        INNER JOIN health.incidents ON muted.incident_id = incidents.incident_id
        FOR UPDATE OF incidents SKIP LOCKED
    );
    IF v_muted = '{}' THEN
        RETURN 0;
    END IF;

    WITH muted AS MATERIALIZED (
        SELECT mutes.* FROM unnest(v_muted) AS mutes
    ),

    -- An acknowledgement says nothing against an all-clear.
    noticed AS (
        DELETE FROM health_internal.notices
        USING muted
        WHERE notices.incident_id = muted.incident_id
            AND (notices.event <> 'resolved' OR muted.reason_code <> 'acknowledged')
        RETURNING notices.incident_id, notices.channel, notices.event, notices.is_first
    ),

    cancelled AS (
        UPDATE health.deliveries AS messages
        SET
            state = 'cancelled',
            finished_at = p_now,
            lease_until = NULL,
            outcome = jsonb_build_object('reason', muted.reason_code)
        FROM muted
        WHERE messages.incident_id = muted.incident_id
            AND health_internal.is_waiting(messages, p_now)
            AND (messages.event <> 'resolved' OR muted.reason_code <> 'acknowledged')
        RETURNING
            messages.incident_id, messages.channel, messages.event, messages.is_first,
            messages.delivery_id
    ),

    -- Digests lose the lines concerned, and are worded anew.
    cut AS MATERIALIZED (
        SELECT
            messages.delivery_id,
            array_agg(lines.line ORDER BY lines.place) FILTER (WHERE muted.incident_id IS NULL)
                AS kept,
            array_agg(lines.line) FILTER (WHERE muted.incident_id IS NOT NULL) AS lost
        FROM health.deliveries AS messages
        CROSS JOIN LATERAL (
            SELECT
                numbered.place,
                messages.lines[numbered.place] AS line
            FROM generate_subscripts(messages.lines, 1) AS numbered (place)
        ) AS lines
        LEFT JOIN muted
            ON (lines.line).incident_id = muted.incident_id
            AND ((lines.line).event <> 'resolved' OR muted.reason_code <> 'acknowledged')
        WHERE messages.state IN ('pending', 'claimed')
        GROUP BY messages.delivery_id
        HAVING count(muted.incident_id) > 0
    ),

    rewritten AS (
        UPDATE health.deliveries AS messages
        SET
            state = CASE WHEN cut.kept IS NULL THEN 'cancelled' ELSE messages.state END,
            finished_at = CASE WHEN cut.kept IS NULL THEN p_now END,
            outcome = CASE
                WHEN cut.kept IS NULL THEN '{"reason": "all of it is muted"}'
                ELSE messages.outcome
            END,
            severity = coalesce(texts.severity, messages.severity),
            subject = coalesce(texts.subject, messages.subject),
            body = coalesce(texts.body, messages.body),
            agent_ids = coalesce(texts.agent_ids, messages.agent_ids),
            details = coalesce(texts.details, messages.details),
            lines = cut.kept
        FROM cut
        LEFT JOIN LATERAL health_internal.compose_digests(cut.kept) AS texts ON true
        WHERE messages.delivery_id = cut.delivery_id
            AND health_internal.is_waiting(messages, p_now)
        RETURNING messages.delivery_id, messages.channel, cut.lost
    ),

    withdrawn AS MATERIALIZED (
        SELECT
            noticed.incident_id, noticed.channel, noticed.event, noticed.is_first,
            NULL::bigint AS delivery_id, NULL::bigint AS digest_id
        FROM noticed
        UNION ALL
        SELECT
            cancelled.incident_id, cancelled.channel, cancelled.event, cancelled.is_first,
            cancelled.delivery_id, NULL
        FROM cancelled
        UNION ALL
        SELECT
            lines.incident_id, rewritten.channel, lines.event, lines.is_first, NULL,
            rewritten.delivery_id
        FROM rewritten
        CROSS JOIN LATERAL unnest(rewritten.lost) AS lines
    ),

    -- What became of the digest is no longer said of them.
    detached AS (
        UPDATE health.alert_events AS events
        SET delivery_id = NULL
        FROM withdrawn
        WHERE events.incident_id = withdrawn.incident_id
            AND events.delivery_id = withdrawn.digest_id
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason_code, reason, channel, delivery_id
        )
        SELECT
            p_now, withdrawn.incident_id, incidents.agent_id, 'suppressed', muted.reason_code,
            format(
                '%s: withdrawn%s, it waited to say "%s"',
                muted.reason, ' from digest ' || withdrawn.digest_id, withdrawn.event
            ),
            withdrawn.channel, withdrawn.delivery_id
        FROM withdrawn
        INNER JOIN muted ON withdrawn.incident_id = muted.incident_id
        INNER JOIN health.incidents ON withdrawn.incident_id = incidents.incident_id
    ),

    changes AS (
        SELECT
            muted.incident_id,
            muted.reason_code,
            muted.until_at,
            array_agg(DISTINCT withdrawn.channel) AS silenced,
            array_agg(DISTINCT withdrawn.channel) FILTER (WHERE withdrawn.event = 'resolved')
                AS ended,
            array_agg(DISTINCT withdrawn.channel) FILTER (WHERE withdrawn.is_first) AS unaware
        FROM withdrawn
        INNER JOIN muted ON withdrawn.incident_id = muted.incident_id
        GROUP BY muted.incident_id, muted.reason_code, muted.until_at
    ),

    -- Who knows of the trouble and is to hear of its end: of one whose end was told, only those who
    -- were still to hear of it.
    known AS (
        SELECT
            changes.*,
            incidents.is_settled,
            ARRAY(
                SELECT channels.channel
                FROM unnest(changes.ended) AS channels (channel)
                UNION ALL
                SELECT channels.channel
                FROM unnest(incidents.told_channels) AS channels (channel)
                WHERE NOT incidents.is_settled
                EXCEPT
                SELECT channels.channel
                FROM unnest(changes.unaware) AS channels (channel)
            ) AS channels
        FROM changes
        INNER JOIN health.incidents ON changes.incident_id = incidents.incident_id
    ),

    written AS (
        UPDATE health.incidents
        SET
            told_channels = known.channels,
            told_at = CASE WHEN known.channels <> '{}' THEN incidents.told_at END,
            told_severity = CASE WHEN known.channels <> '{}' THEN incidents.told_severity END,
            -- Where nobody knows, or somebody has given it back, all are told anew. Of the end those hear
            -- who know.
            owed_channels = CASE
                WHEN known.channels = '{}' OR incidents.told_severity IS NULL THEN '{}'
                ELSE ARRAY(
                    SELECT unnest(incidents.owed_channels) UNION SELECT unnest(known.silenced)
                )
            END,
            is_settled = false,
            withheld = known.reason_code,
            withheld_at = coalesce(incidents.withheld_at, p_now),
            next_check_at = least(known.until_at, p_now + interval '10 minutes')
        FROM known
        WHERE incidents.incident_id = known.incident_id
            -- Over, and all who know were told.
            AND (NOT known.is_settled OR known.channels <> '{}')
        RETURNING incidents.agent_id
    )

    SELECT
        (SELECT count(*) FROM withdrawn),
        ARRAY(SELECT written.agent_id FROM written)
    INTO v_count, v_agent_ids;

    -- Trouble that has come back since is what its end was withdrawn in favour of.
    PERFORM health_internal.inherit_told(p_now, ARRAY(
        SELECT newer.incident_id
        FROM health.incidents AS newer
        WHERE newer.agent_id = ANY (v_agent_ids) AND newer.resolved_at IS NULL
    ));
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.withdraw_messages(timestamptz, bigint []) IS
'Takes back what has not left of those incidents (NULL: all) that are muted at p_now: notices and '
'messages, and their lines in digests, which are worded anew. The ledger says so; whoever did not hear is '
'told the truth when the mute ends. What a bridge holds is not called back: it is withdrawn when that '
'fails or loses its lease. Returns how many messages.';

CREATE OR REPLACE FUNCTION health_internal.withdraw_at_once(
    p_now timestamptz,
    p_window_id bigint DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    PERFORM health_internal.be_brief();
    -- Waits for a tick that is deciding about them, and has the next one look again.
    UPDATE health.incidents
    SET next_check_at = '-infinity'
    WHERE NOT incidents.is_settled
        AND (
            p_window_id IS NULL
            OR incidents.agent_id IN (
                SELECT periods.agent_id
                FROM health.maintenance_periods AS periods
                WHERE periods.window_id = p_window_id AND periods.ended_at IS NULL
            )
        );
    PERFORM health_internal.withdraw_messages(p_now);
END;
$$;
COMMENT ON FUNCTION health_internal.withdraw_at_once(timestamptz, bigint) IS
'withdraw_messages for an operator whose silence or maintenance (p_window_id) has just begun.';

COMMIT;
