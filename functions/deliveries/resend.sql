-- Messages that were given up, and that a channel should still hear: they keep the alert dead_letters open
-- until a person sends them again. Entry point: resend_messages.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.unheard_messages(p_now timestamptz)
RETURNS SETOF health.deliveries
LANGUAGE sql
STABLE
AS $$
    SELECT messages.*
    FROM health.channels
    INNER JOIN health.deliveries AS messages ON channels.channel = messages.channel
    WHERE messages.state = 'dead'
        AND messages.finished_at > p_now - interval '24 hours'
        AND NOT messages.outcome ? 'resent_by'
        -- The last word of an incident tells all that those before it told.
        AND NOT EXISTS (
            SELECT FROM health.deliveries AS later
            WHERE later.incident_id = messages.incident_id
                AND later.channel = messages.channel
                AND later.delivery_id > messages.delivery_id
                AND later.state <> 'cancelled'
        )
        AND (
            health_internal.incidents_of(messages) = '{}'
            OR EXISTS (
                SELECT FROM health.incidents
                WHERE incidents.incident_id = ANY (health_internal.incidents_of(messages))
                    AND (incidents.resolved_at IS NULL OR messages.event = 'resolved')
                    -- Which would keep itself open.
                    AND incidents.engine_rule IS DISTINCT FROM 'dead_letters'
            )
        );
$$;
COMMENT ON FUNCTION health_internal.unheard_messages(timestamptz) IS
'Messages of the last 24 hours that were given up and still matter: of trouble that goes on, or that it ended, and '
'the channel was told nothing later; and reports.';

CREATE OR REPLACE FUNCTION health.resend_messages(
    p_channel text,
    p_by text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_by constant text := coalesce(p_by, session_user);
    v_count bigint;
BEGIN
    WITH given_up AS (
        UPDATE health.deliveries AS messages
        SET outcome = messages.outcome || jsonb_build_object('resent_by', v_by)
        WHERE messages.delivery_id IN (
            SELECT unheard.delivery_id
            FROM health_internal.unheard_messages(p_now) AS unheard
            WHERE unheard.channel = p_channel
        )
            AND NOT messages.outcome ? 'resent_by'
        RETURNING messages.*
    ),

    resent AS (
        INSERT INTO health.deliveries AS messages (
            incident_id, channel, event, step, severity, subject, body, agent_ids, details,
            idempotency_key, created_at, not_before, is_first, lines
        )
        SELECT
            given_up.incident_id, given_up.channel, given_up.event, given_up.step,
            given_up.severity, given_up.subject, given_up.body, given_up.agent_ids,
            given_up.details, given_up.idempotency_key || '-again', p_now, p_now,
            given_up.is_first, given_up.lines
        FROM given_up
        ORDER BY given_up.delivery_id
        RETURNING messages.delivery_id, messages.channel, messages.incident_id, messages.event
    ),

    noted AS (
        INSERT INTO health.alert_events (
            occurred_at, incident_id, agent_id, event, reason, channel, delivery_id
        )
        SELECT
            p_now, resent.incident_id, incidents.agent_id, 'queued',
            format('%s, again by %s', resent.event, v_by), resent.channel, resent.delivery_id
        FROM resent
        INNER JOIN health.incidents ON resent.incident_id = incidents.incident_id
    )

    SELECT count(*) INTO v_count FROM resent;
    IF v_count = 0 THEN
        RAISE EXCEPTION 'no message through "%" is to be sent again', coalesce(p_channel, 'NULL')
            USING ERRCODE = 'RC009',
                HINT = 'What is over, or was told since, is not. SELECT channel, subject, outcome FROM '
                    'health.deliveries WHERE state = ''dead'' lists what was given up.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health.resend_messages(text, text, timestamptz) IS
'Sends again what a channel was not told, and should still hear, of what was given up in the last 24 hours; when the channel '
'is mended. Returns how many messages. Raises RC009 where there is none.';

GRANT EXECUTE ON FUNCTION health.resend_messages(text, text, timestamptz) TO health_operator;

COMMIT;
