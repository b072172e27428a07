-- Recovery's part of the tick's act: what is under way moves on, what is needless ends, what is in
-- trouble is queued, braked, done where the database does it, and told where a person must. A row that
-- somebody else has locked is left to the next tick: the tick waits for nobody.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.settle_recoveries(
    p_now timestamptz,
    p_needless_ids text []
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_stuck constant text [] := ARRAY(
        SELECT DISTINCT sessions.agent_id FROM health.stuck_sessions AS sessions
    );
    v_action_ids bigint [];
    v_agent_ids text [];
BEGIN
    -- Nobody needs it any more.
    UPDATE health.recovery_actions AS actions
    SET
        state = 'cancelled',
        hold = NULL,
        hold_reason = NULL,
        finished_at = p_now,
        settled_at = p_now,
        outcome = actions.outcome || '{"reason": "the agent recovered by itself"}'
    WHERE actions.action_id = ANY (ARRAY(
        SELECT needless.action_id
        FROM health.recovery_actions AS needless
        WHERE needless.agent_id = ANY (p_needless_ids)
            AND needless.finished_at IS NULL
            AND needless.state = 'pending'
            AND needless.requested_by = 'engine'
        FOR UPDATE SKIP LOCKED
    ));

    -- The trouble of a failed or escalated one is over.
    UPDATE health.recovery_actions AS actions
    SET settled_at = p_now
    WHERE actions.settled_at IS NULL
        AND actions.finished_at IS NOT NULL
        AND actions.state IN ('failed', 'escalated')
        AND NOT actions.agent_id = ANY (v_stuck)
        AND (
            SELECT status.issue_type
            FROM health.agent_status AS status
            WHERE status.agent_id = actions.agent_id
        ) IS NULL;

    -- Let go, but no bridge has this agent configured.
    SELECT array_agg(unclaimed.action_id), array_agg(unclaimed.agent_id)
    INTO v_action_ids, v_agent_ids
    FROM (
        SELECT actions.action_id, actions.agent_id
        FROM health.recovery_actions AS actions
        INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NULL
            AND actions.released_at IS NOT NULL
            -- While the monitor was away no bridge could.
            AND date_part('epoch', p_now - greatest(actions.not_before, actions.released_at))
            - health_internal.blind_seconds(
                greatest(actions.not_before, actions.released_at), p_now
            ) > policies.recovery_claim_seconds
        FOR UPDATE OF actions SKIP LOCKED
    ) AS unclaimed;
    IF v_action_ids IS NOT NULL THEN
        -- In a storm it was not said that nobody manages them; nor is it a second message now.
        PERFORM health_internal.tell_of_unmanaged(p_now, v_agent_ids);
        PERFORM health_internal.escalate_recoveries(p_now, v_action_ids, 'no bridge claimed it');
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.settle_recoveries(timestamptz, text []) IS
'Cancels what the engine queued for agents that recovered by themselves (p_needless_ids), notes when trouble was over, '
'and hands to a person what no bridge claims within the policy''s recovery_claim_seconds.';

CREATE OR REPLACE FUNCTION health_internal.act_on_recoveries(
    p_now timestamptz,
    p_is_due boolean DEFAULT true
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_needs record;
    v_joined text [];
    v_storm text;
    v_queued bigint := 0;
    v_troubled_count bigint;
    v_is_due boolean;
BEGIN
    -- As act_on_alerts: for a few, plans made once.
    IF (
        SELECT count(*)
        FROM (
            SELECT FROM health.agent_status AS status
            WHERE status.active_conditions <> '{}' OR status.issue_type IS NOT NULL
            LIMIT 51
        ) AS troubled
    ) <= 50 THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    END IF;
    PERFORM health_internal.rescue_recoveries(p_now);
    PERFORM health_internal.verify_recoveries(p_now);
    v_is_due := p_is_due OR EXISTS (SELECT FROM health_internal.act_causes);
    IF v_is_due THEN
        SELECT needs.* INTO v_needs FROM health_internal.recovery_needs() AS needs;
        v_troubled_count := v_needs.troubled_count;
        UPDATE health_internal.engine
        SET troubled_count = v_troubled_count
        WHERE engine.troubled_count <> v_troubled_count;
        PERFORM health_internal.settle_recoveries(p_now, v_needs.needless_agent_ids);
        v_queued := health_internal.queue_recoveries(
            p_now, v_needs.idle_agent_ids, v_needs.idle_issue_types
        );
        -- What was left, because somebody holds it or it ended this very moment, is looked at again.
        INSERT INTO health_internal.act_causes (cause)
        SELECT 'recovery_actions'
        WHERE v_needs.needless_agent_ids <> '{}'
            OR v_needs.early_action_ids <> '{}'
            OR EXISTS (
                SELECT FROM health.recovery_actions AS ended WHERE ended.finished_at >= p_now
            )
            OR (
                v_queued < cardinality(v_needs.idle_agent_ids)
                AND EXISTS (
                    SELECT FROM unnest(v_needs.idle_agent_ids) AS idle (agent_id)
                    WHERE NOT EXISTS (
                        SELECT FROM health.recovery_actions AS actions
                        WHERE actions.agent_id = idle.agent_id
                            AND (
                                actions.finished_at IS NULL
                                OR (actions.state = 'escalated' AND actions.settled_at IS NULL)
                            )
                    )
                )
            );
        -- Those queued before their incident opened.
        WITH joined AS (
            UPDATE health.recovery_actions AS actions
            SET incident_id = incidents.incident_id
            FROM health.incidents
            WHERE actions.action_id = ANY (ARRAY(
                SELECT early.action_id
                FROM health.recovery_actions AS early
                WHERE early.action_id = ANY (v_needs.early_action_ids)
                    AND early.incident_id IS NULL
                    AND early.finished_at IS NULL
                FOR UPDATE SKIP LOCKED
            ))
                AND incidents.agent_id = actions.agent_id
                AND incidents.resolved_at IS NULL
            RETURNING actions.agent_id
        )

        SELECT array_agg(joined.agent_id) INTO v_joined FROM joined;
    ELSE
        SELECT engine.troubled_count INTO STRICT v_troubled_count FROM health_internal.engine;
        PERFORM health_internal.settle_recoveries(p_now, '{}');
    END IF;
    v_storm := health_internal.watch_storm(p_now, v_troubled_count);
    -- In a storm a person is asked about all of them.
    IF v_is_due AND v_storm IS NULL THEN
        PERFORM health_internal.tell_of_unmanaged(p_now, v_needs.idle_agent_ids || v_joined);
    END IF;
    PERFORM health_internal.apply_brakes(p_now, v_storm);
    PERFORM health_internal.run_own_steps(p_now);
    PERFORM health_internal.tell_of_escalations(p_now);
    RETURN v_queued;
END;
$$;
COMMENT ON FUNCTION health_internal.act_on_recoveries(timestamptz, boolean) IS
'Moves recoveries on: lost leases and time-outs, verification by heartbeats, needless ones, new ones and which '
'of them no bridge can carry out (where p_is_due, see is_act_due), brakes, the database''s own steps, questions '
'to people. Returns how many were queued.';

COMMIT;
