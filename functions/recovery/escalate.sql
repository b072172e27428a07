-- Where the engine gives up: recoveries that become a person's, who is told once.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.escalate_recoveries(
    p_now timestamptz,
    p_action_ids bigint [],
    p_reason text
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    WITH escalated AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = 'escalated',
            hold = NULL,
            hold_reason = NULL,
            fencing_token = nextval('health_internal.fencing_tokens'),
            finished_at = p_now,
            outcome = actions.outcome || jsonb_build_object('reason', p_reason)
        WHERE actions.action_id = ANY (ARRAY(
            SELECT pending.action_id
            FROM health.recovery_actions AS pending
            WHERE pending.action_id = ANY (p_action_ids) AND pending.state = 'pending'
            FOR UPDATE SKIP LOCKED
        ))
        RETURNING actions.action_id, actions.agent_id, actions.issue_type
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent',
        'automated_recovery',
        'warning',
        jsonb_build_object(
            'agent_id', escalated.agent_id, 'issue_type', escalated.issue_type,
            'action_id', escalated.action_id, 'success', false, 'reason', p_reason
        ),
        p_now
    FROM escalated;
$$;
COMMENT ON FUNCTION health_internal.escalate_recoveries(timestamptz, bigint [], text) IS
'Hands pending recoveries to a person; an event tells of each.';

CREATE OR REPLACE FUNCTION health_internal.tell_of_escalations(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_group record;
BEGIN
    -- A call per reason: those of one reason share a message where they are many.
    FOR v_group IN
        WITH told AS (
            UPDATE health.recovery_actions AS actions
            SET told_at = p_now
            WHERE actions.finished_at IS NOT NULL
                AND actions.state = 'escalated'
                AND actions.settled_at IS NULL
                AND actions.told_at IS NULL
            RETURNING actions.agent_id, actions.outcome ->> 'reason' AS reason
        )

        SELECT
            coalesce(told.reason, 'automatic recovery gave up') AS reason,
            array_agg(DISTINCT told.agent_id) AS agent_ids
        FROM told
        GROUP BY coalesce(told.reason, 'automatic recovery gave up')
    LOOP
        PERFORM health_internal.open_recovery_failed(p_now, v_group.agent_ids, v_group.reason);
    END LOOP;
END;
$$;
COMMENT ON FUNCTION health_internal.tell_of_escalations(timestamptz) IS
'Opens the alert recovery_failed, once, for each escalated recovery whose agent is still in trouble.';

COMMIT;
