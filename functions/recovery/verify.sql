-- What time does to recoveries under way: leases run out, steps take too long, heartbeats prove or fail
-- to. Rows are locked before they are judged; one that a bridge reports at this moment is left to it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.rescue_recoveries(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
AS $$
DECLARE
    v_action_ids bigint [];
BEGIN
    -- What was only claimed goes back to the queue.
    SELECT array_agg(claimed.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NOT NULL
            AND actions.state = 'claimed'
            AND actions.lease_until < p_now
        FOR UPDATE SKIP LOCKED
    ) AS claimed;
    WITH returned AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = 'pending',
            claimed_by = NULL,
            fencing_token = nextval('health_internal.fencing_tokens'),
            lease_until = NULL,
            not_before = p_now,
            released_at = p_now,
            outcome = actions.outcome || jsonb_build_object(
                'lost_claims', coalesce((actions.outcome ->> 'lost_claims')::integer, 0) + 1
            )
        WHERE actions.action_id = ANY (v_action_ids)
        RETURNING
            actions.action_id,
            (actions.outcome ->> 'lost_claims')::integer >= (
                SELECT policies.recovery_budget_count
                FROM health.agent_status AS status
                INNER JOIN health.current_policies AS policies
                    ON status.policy_class = policies.policy_class
                WHERE status.agent_id = actions.agent_id
            ) AS is_last
    )

    SELECT array_agg(returned.action_id)
    INTO v_action_ids
    FROM returned
    WHERE returned.is_last;
    -- It may be what ends the bridges that take it.
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.escalate_recoveries(
            p_now, v_action_ids, 'each time its bridge went silent before it began'
        );
    END IF;

    -- Of what was executing nobody knows how far it came: heartbeats tell.
    SELECT array_agg(lost.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NOT NULL
            AND actions.state = 'executing'
            AND actions.lease_until < p_now
        FOR UPDATE SKIP LOCKED
    ) AS lost;
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.end_steps(
            p_now, v_action_ids, 'lost', 'its bridge went silent'
        );
    END IF;

    -- The bridge still holds it, but it takes too long. The lease is kept: nothing begins before it ends.
    SELECT array_agg(slow.action_id)
    INTO v_action_ids
    FROM (
        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NOT NULL
            AND actions.state = 'executing'
            AND actions.execute_until < p_now
        FOR UPDATE SKIP LOCKED
    ) AS slow;
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.end_steps(
            p_now, v_action_ids, 'failed', 'it took too long', '{}', true
        );
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.rescue_recoveries(timestamptz) IS
'Ends leases and steps whose time is up: claimed goes back to the queue, or to a person when that happened as '
'often as the policy''s recovery_budget_count allows attempts; executing without a lease goes to '
'verification; executing beyond its time-out has failed.';

CREATE OR REPLACE FUNCTION health_internal.verify_recoveries(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_proven bigint [];
    v_unproven bigint [];
BEGIN
    SELECT
        array_agg(judged.action_id) FILTER (WHERE judged.is_proven),
        array_agg(judged.action_id) FILTER (WHERE NOT judged.is_proven)
    INTO v_proven, v_unproven
    FROM (
        SELECT
            actions.action_id,
            -- What the monitor did not see it holds against nobody.
            CASE
                WHEN actions.verify_until < p_now
                    THEN date_part('epoch', p_now - actions.verify_until)
                    > health_internal.blind_seconds(actions.executed_at, p_now)
            END AS is_late,
            coalesce(
                status.last_heartbeat_at > actions.executed_at
                AND status.state IN ('active', 'running', 'idle')
                AND status.liveness = 'alive'
                AND status.issue_type IS NULL
                AND NOT EXISTS (
                    SELECT FROM health.stuck_sessions AS sessions
                    WHERE sessions.agent_id = actions.agent_id
                )
                AND status.beat_count - actions.beats_before >= policies.verify_beats
                -- Beats of one moment (state changes at the start, say) prove no more than one.
                AND status.last_heartbeat_at - greatest(
                    actions.executed_at,
                    CASE
                        WHEN status.run_started_at IS DISTINCT FROM actions.run_before
                            THEN status.run_started_at
                    END
                ) >= make_interval(
                    secs => (policies.verify_beats - 1) * 0.8 * status.learnt_interval_seconds
                ),
                false
            ) AS is_proven
        FROM health.recovery_actions AS actions
        INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NOT NULL
            AND actions.state = 'verifying'
        FOR UPDATE OF actions SKIP LOCKED
    ) AS judged
    WHERE judged.is_proven OR judged.is_late;
    IF v_proven IS NOT NULL THEN
        PERFORM health_internal.end_steps(p_now, v_proven, 'succeeded', NULL);
    END IF;
    IF v_unproven IS NOT NULL THEN
        PERFORM health_internal.end_steps(
            p_now, v_unproven, 'failed', 'the agent did not prove itself by heartbeats'
        );
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.verify_recoveries(timestamptz) IS
'Verified, not assumed: verify_beats good heartbeats after the step, apart by about an interval, the '
'agent alive, without an issue and without stuck sessions; by verify_until, and as much later as the monitor was '
'blind meanwhile, else the step has failed.';

CREATE OR REPLACE FUNCTION health_internal.run_own_steps(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
AS $$
DECLARE
    v_action record;
    v_result jsonb;
BEGIN
    -- One after the other: each ends sessions of one agent, and they are few (the brakes see to it).
    FOR v_action IN
        SELECT
            actions.action_id,
            actions.agent_id,
            actions.action
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NULL
            AND actions.released_at IS NOT NULL
            AND actions.not_before <= p_now
            AND actions.action IN ('terminate_sessions', 'verify', 'escalate')
        ORDER BY actions.not_before, actions.action_id
        FOR UPDATE SKIP LOCKED
    LOOP
        IF v_action.action = 'escalate' THEN
            PERFORM health_internal.escalate_recoveries(
                p_now, ARRAY[v_action.action_id], 'its strategy asks a person'
            );
        ELSIF v_action.action = 'verify' THEN
            -- A strategy that begins with watching: as if a step before it had been done.
            UPDATE health.recovery_actions AS actions
            SET step = 0, started_at = p_now
            WHERE actions.action_id = v_action.action_id;
            PERFORM health_internal.end_steps(p_now, ARRAY[v_action.action_id], 'succeeded', NULL);
        ELSE
            v_result := health_internal.terminate_stuck_sessions(p_now, v_action.agent_id);
            PERFORM health_internal.end_steps(
                p_now, ARRAY[v_action.action_id],
                CASE WHEN v_result ? 'reason' THEN 'failed' ELSE 'succeeded' END,
                v_result ->> 'reason', v_result
            );
        END IF;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION health_internal.run_own_steps(timestamptz) IS
'Does the steps that need no bridge: ends stuck sessions, begins a verification, asks a person.';

COMMIT;
