-- The fold of attached sessions: whose lock is gone is suspected. Between two ticks: functions/sessions.sql.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.watch_sessions(
    p_now timestamptz,
    p_have_all_ended boolean
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_lost bigint;
BEGIN
    WITH held AS MATERIALIZED (
        SELECT sessions.*
        FROM health_internal.held_sessions() AS sessions
    ),

    ended AS (
        UPDATE health.agent_sessions AS sessions
        SET
            lost_at = p_now,
            lost_reason = CASE
                WHEN p_have_all_ended THEN 'server_restarted'
                WHEN EXISTS (
                    SELECT FROM held
                    WHERE held.agent_number = sessions.agent_number
                ) THEN 'attached_again'
                ELSE 'session_lost'
            END
        WHERE sessions.lost_at IS NULL
            AND NOT EXISTS (
                SELECT FROM held
                WHERE held.pid = sessions.pid AND held.agent_number = sessions.agent_number
            )
        RETURNING sessions.agent_id, sessions.lost_reason
    ),

    suspected AS (
        UPDATE health.agent_status AS status
        SET session_lost_at = p_now, next_due_at = p_now
        FROM ended
        WHERE status.agent_id = ended.agent_id
            AND ended.lost_reason = 'session_lost'
            AND status.session_lost_at IS NULL
            AND status.last_heartbeat_at IS NOT NULL
            AND status.state NOT IN ('stopping', 'stopped')
            AND status.liveness <> 'unresponsive'
        RETURNING status.agent_id
    )

    SELECT count(*)
    INTO v_lost
    FROM suspected;

    -- Attached again: the suspicion is withdrawn.
    UPDATE health.agent_status AS status
    SET session_lost_at = NULL, next_due_at = p_now
    FROM health.agent_sessions AS sessions
    WHERE sessions.lost_at IS NULL
        AND status.agent_id = sessions.agent_id
        AND status.session_lost_at < sessions.attached_at
        AND status.liveness <> 'unresponsive';
    IF FOUND OR v_lost > 0 THEN
        PERFORM health_internal.look_for_due();
    END IF;
    RETURN v_lost;
END;
$$;
COMMENT ON FUNCTION health_internal.watch_sessions(timestamptz, boolean) IS
'Compares attached sessions with the exclusive advisory locks held by their recorded pids. An agent '
'whose lock is gone is suspected at once (late, and unresponsive after session_grace_seconds), unless '
'it said goodbye, attached again, or all sessions ended together (p_have_all_ended: the server was '
'restarted, which is a monitor gap). Returns how many are newly suspected.';

COMMIT;
