-- Brakes: what is queued waits until apply_brakes lets it go. In order: freeze, maintenance, monitor gaps,
-- parents first, storm, budgets of agent and group (used up: a person), back-off, and the limit of the fleet.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.apply_brakes(
    p_now timestamptz,
    p_storm text,
    p_action_ids bigint [] DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- By index each waiting one costs the same, however many there are and whatever statistics say.
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_free constant bigint := (
        SELECT settings.recovery_concurrency - count(under_way.action_id)
        FROM health.settings
        LEFT JOIN (
            SELECT actions.action_id
            FROM health.recovery_actions AS actions
            WHERE actions.finished_at IS NULL
                AND actions.claimed_by IS NOT NULL
                AND actions.requested_by = 'engine'
            UNION ALL
            SELECT actions.action_id
            FROM health.recovery_actions AS actions
            WHERE actions.finished_at IS NULL
                AND actions.claimed_by IS NULL
                AND actions.released_at IS NOT NULL
                AND actions.requested_by = 'engine'
        ) AS under_way ON true
        GROUP BY settings.recovery_concurrency
    );
    v_action_ids constant bigint [] := coalesce(
        p_action_ids,
        health_internal.recoveries_to_judge(p_now, p_storm IS NOT NULL, v_free > 0)
    );
    v_waiting constant text [] := ARRAY(
        SELECT actions.agent_id
        FROM health.recovery_actions AS actions
        WHERE actions.action_id = ANY (v_action_ids)
    );
    v_maintained text [];
    v_unheard jsonb;
    v_parents jsonb;
    v_group_attempts jsonb;
    v_verdict record;
    v_moved bigint;
    v_released bigint := 0;
BEGIN
    IF v_action_ids = '{}' THEN
        RETURN 0;
    END IF;
    v_maintained := health_internal.agents_in_maintenance(v_waiting, p_now);
    v_group_attempts := health_internal.spent_by_groups(p_now);
    SELECT coalesce(jsonb_object_agg(unheard.agent_id, unheard.reason), '{}')
    INTO v_unheard
    FROM health_internal.unheard_agents(v_waiting, p_now) AS unheard;
    SELECT coalesce(jsonb_object_agg(dead.agent_id, dead.parents), '{}')
    INTO v_parents
    FROM health_internal.missing_parents(v_waiting, p_now) AS dead;

    -- As few statements as there are answers: one for all that the storm holds, one for all that go.
    FOR v_verdict IN
        WITH policies AS MATERIALIZED (
            SELECT * FROM health.current_policies
        ),

        frozen AS MATERIALIZED (
            SELECT
                windows.policy_class,
                format('freeze "%s" until %s', windows.window_name, windows.until_at) AS reason,
                windows.until_at
            FROM health_internal.open_freeze_windows(p_now) AS windows
        ),

        -- What must wait, whoever asked for it; and what the engine asked, for more reasons.
        waiting AS (
            SELECT
                actions.action_id,
                actions.agent_id,
                actions.created_at,
                actions.not_before,
                actions.hold,
                actions.released_at,
                actions.requested_by = 'engine' AS is_engines,
                marks.is_new,
                freezes.reason AS freeze_reason,
                v_unheard ->> actions.agent_id AS unheard_reason,
                v_parents ->> actions.agent_id AS parents,
                policies.recovery_budget_count,
                policies.recovery_budget_window_seconds,
                policies.recovery_group_budget_count,
                policies.recovery_parent_seconds,
                agents.recovery_group,
                coalesce(agents.revenue_usd_per_hour, 0) AS revenue,
                CASE
                    WHEN actions.approved_at IS NOT NULL THEN NULL
                    WHEN freezes.reason IS NOT NULL THEN 'freeze'
                    WHEN actions.agent_id = ANY (v_maintained) THEN 'maintenance'
                    -- Past its first step it is under way: only people stop it.
                    WHEN actions.requested_by <> 'engine' OR actions.started_at IS NOT NULL THEN NULL
                    WHEN v_unheard ? actions.agent_id THEN 'monitor_gap'
                    WHEN v_parents ? actions.agent_id THEN 'parent'
                    WHEN marks.is_new AND p_storm IS NOT NULL THEN 'storm'
                END AS must_wait_for
            FROM health.recovery_actions AS actions
            INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
            INNER JOIN policies ON status.policy_class = policies.policy_class
            LEFT JOIN health.agents ON actions.agent_id = agents.agent_id
            LEFT JOIN LATERAL (
                SELECT frozen.reason
                FROM frozen
                WHERE coalesce(frozen.policy_class, status.policy_class) = status.policy_class
                ORDER BY frozen.until_at DESC
                LIMIT 1
            ) AS freezes ON true
            CROSS JOIN LATERAL (
                SELECT actions.requested_by = 'engine'
                    AND actions.started_at IS NULL
                    AND actions.released_at IS NULL AS is_new
            ) AS marks
            WHERE actions.action_id = ANY (v_action_ids) AND actions.state = 'pending'
            OFFSET 0
        ),

        -- Budgets: first its own, then what is left of its group's, the dearest agents first.
        budgeted AS (
            SELECT
                waiting.*,
                CASE
                    WHEN NOT waiting.is_new OR waiting.must_wait_for IS NOT NULL THEN false
                    -- One at a time: those queued last began last.
                    ELSE (
                        SELECT count(*)
                        FROM (
                            SELECT earlier.started_at
                            FROM health.recovery_actions AS earlier
                            WHERE earlier.agent_id = waiting.agent_id
                                AND earlier.started_at IS NOT NULL
                            ORDER BY earlier.created_at DESC, earlier.action_id DESC
                            LIMIT waiting.recovery_budget_count
                        ) AS latest
                        WHERE latest.started_at > p_now - make_interval(
                            secs => waiting.recovery_budget_window_seconds
                        )
                    ) >= waiting.recovery_budget_count
                END AS is_over_budget
            FROM waiting
            OFFSET 0
        ),

        grouped AS (
            SELECT
                budgeted.*,
                budgeted.is_new
                AND budgeted.must_wait_for IS NULL
                AND NOT budgeted.is_over_budget
                AND budgeted.recovery_group IS NOT NULL
                AND coalesce((v_group_attempts ->> budgeted.recovery_group)::bigint, 0)
                + row_number() OVER (
                    PARTITION BY
                        budgeted.recovery_group,
                        budgeted.is_new
                        AND budgeted.must_wait_for IS NULL
                        AND NOT budgeted.is_over_budget
                    ORDER BY budgeted.revenue DESC, budgeted.not_before, budgeted.action_id
                ) > budgeted.recovery_group_budget_count AS is_over_group_budget
            FROM budgeted
            OFFSET 0
        ),

        due AS (
            SELECT
                grouped.*,
                grouped.must_wait_for IS NULL
                AND NOT grouped.is_over_budget
                AND NOT grouped.is_over_group_budget
                AND grouped.released_at IS NULL
                AND grouped.not_before <= p_now AS may_go
            FROM grouped
            OFFSET 0
        ),

        verdicts AS (
            SELECT
                due.*,
                CASE
                    WHEN due.must_wait_for IS NOT NULL THEN due.must_wait_for
                    WHEN due.may_go AND due.is_engines AND row_number() OVER (
                        PARTITION BY due.may_go AND due.is_engines
                        ORDER BY due.revenue DESC, due.not_before, due.action_id
                    ) > v_free THEN 'concurrency'
                END AS new_hold,
                CASE
                    WHEN due.must_wait_for = 'parent'
                        AND due.created_at + make_interval(secs => due.recovery_parent_seconds) < p_now
                        THEN format('it still lacks its parent: %s', due.parents)
                    WHEN due.must_wait_for IS NOT NULL THEN NULL
                    WHEN due.is_over_budget THEN 'the budget of attempts is used up'
                    WHEN due.is_over_group_budget
                        THEN format('the budget of its group "%s" is used up', due.recovery_group)
                END AS escalation
            FROM due
            OFFSET 0
        )

        SELECT
            answers.escalation,
            answers.hold,
            answers.hold_reason,
            answers.is_released,
            array_agg(answers.action_id) AS action_ids
        FROM (
            SELECT
                verdicts.action_id,
                verdicts.escalation,
                verdicts.new_hold AS hold,
                CASE verdicts.new_hold
                    WHEN 'freeze' THEN verdicts.freeze_reason
                    WHEN 'maintenance' THEN 'the agent is in maintenance'
                    WHEN 'monitor_gap' THEN verdicts.unheard_reason
                    WHEN 'parent' THEN format('parents first: %s', verdicts.parents)
                    WHEN 'storm' THEN p_storm
                    WHEN 'concurrency' THEN
                        'as many recoveries run as settings.recovery_concurrency allows'
                END AS hold_reason,
                verdicts.new_hold IS NULL AND verdicts.may_go AS is_released
            FROM verdicts
            -- What stays as it is is not written.
            WHERE verdicts.escalation IS NOT NULL
                OR verdicts.hold IS DISTINCT FROM verdicts.new_hold
                OR (verdicts.new_hold IS NULL AND verdicts.may_go)
        ) AS answers
        GROUP BY answers.escalation, answers.hold, answers.hold_reason, answers.is_released
    LOOP
        IF v_verdict.escalation IS NOT NULL THEN
            PERFORM health_internal.escalate_recoveries(
                p_now, v_verdict.action_ids, v_verdict.escalation
            );
        ELSE
            UPDATE health.recovery_actions AS actions
            SET
                hold = v_verdict.hold,
                hold_reason = v_verdict.hold_reason,
                released_at = CASE
                    WHEN v_verdict.is_released THEN p_now
                    WHEN v_verdict.hold IS NULL THEN actions.released_at
                END
            WHERE actions.action_id = ANY (ARRAY(
                SELECT pending.action_id
                FROM health.recovery_actions AS pending
                WHERE pending.action_id = ANY (v_verdict.action_ids) AND pending.state = 'pending'
                FOR UPDATE SKIP LOCKED
            ));
            GET DIAGNOSTICS v_moved = ROW_COUNT;
            IF v_verdict.is_released THEN
                v_released := v_released + v_moved;
            END IF;
        END IF;
    END LOOP;
    RETURN v_released;
END;
$$;
COMMENT ON FUNCTION health_internal.apply_brakes(timestamptz, text, bigint []) IS
'Looks at pending recoveries, those given or else recoveries_to_judge, while p_storm (NULL: none) holds: lets those go that nothing holds, '
'the dearest agents first, says of the others what they wait for, and hands to a person what its budget '
'does not allow. Returns how many it let go.';

COMMIT;
