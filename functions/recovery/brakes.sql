-- Brakes: what is queued waits until apply_brakes lets it go. In order: freeze, maintenance, parents
-- first, storm, budgets of agent and group (used up: a person), back-off, and the limit of the fleet.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.agents_in_maintenance(
    p_agent_ids text [],
    p_now timestamptz
)
RETURNS text []
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(array_agg(DISTINCT periods.agent_id), '{}')
    FROM health.maintenance_periods AS periods
    WHERE periods.agent_id = ANY (p_agent_ids)
        AND periods.ended_at IS NULL
        AND periods.until_at > p_now;
$$;
COMMENT ON FUNCTION health_internal.agents_in_maintenance(text [], timestamptz) IS
'Which of these agents people work on at p_now: the only place that tells the brakes so.';

CREATE OR REPLACE FUNCTION health_internal.missing_parents(p_agent_ids text [])
RETURNS TABLE (agent_id text, parents text)
LANGUAGE sql
STABLE
AS $$
    SELECT
        needs.agent_id,
        string_agg(needs.parents, ', ' ORDER BY needs.parents)
    FROM (
        SELECT
            dependencies.child_id AS agent_id,
            string_agg(dependencies.parent_id, ', ' ORDER BY dependencies.parent_id) AS parents
        FROM health.dependencies
        LEFT JOIN health.agent_status AS parent ON dependencies.parent_id = parent.agent_id
        WHERE dependencies.child_id = ANY (p_agent_ids)
        GROUP BY
            dependencies.child_id,
            dependencies.redundancy_group,
            CASE WHEN dependencies.redundancy_group IS NULL THEN dependencies.parent_id END
        -- Too few of a redundancy group are left; without a group each one counts.
        HAVING count(*) FILTER (WHERE NOT (
            coalesce(parent.issue_type = 'agent_unresponsive', false)
            OR EXISTS (
                SELECT FROM health.recovery_actions AS actions
                WHERE actions.agent_id = dependencies.parent_id
                    AND actions.state IN ('claimed', 'executing', 'verifying')
            )
        )) < least(max(dependencies.minimum_alive_count), count(*))
    ) AS needs
    GROUP BY needs.agent_id;
$$;
COMMENT ON FUNCTION health_internal.missing_parents(text []) IS
'Which of these agents lack a parent at present, and which: it does not answer, or is being recovered.';

CREATE OR REPLACE FUNCTION health_internal.has_dead_parent(p_agent_id text)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
    SELECT EXISTS (SELECT FROM health_internal.missing_parents(ARRAY[p_agent_id]));
$$;
COMMENT ON FUNCTION health_internal.has_dead_parent(text) IS
'Whether a parent this agent needs is dead; of a redundancy group, too many of them.';

CREATE OR REPLACE FUNCTION health_internal.spent_by_groups(p_now timestamptz)
RETURNS jsonb
LANGUAGE sql
STABLE
AS $$
    SELECT coalesce(jsonb_object_agg(spent.recovery_group, spent.attempt_count), '{}')
    FROM (
        SELECT
            agents.recovery_group,
            count(*) AS attempt_count
        FROM (
            SELECT
                actions.agent_id,
                actions.started_at
            FROM health.recovery_actions AS actions
            WHERE actions.started_at > p_now - make_interval(secs => (
                SELECT max(policies.recovery_budget_window_seconds)
                FROM health.current_policies AS policies
            ))
            UNION ALL
            -- On its way: let go, but not begun.
            SELECT
                actions.agent_id,
                NULL
            FROM health.recovery_actions AS actions
            WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
                AND actions.started_at IS NULL
                AND actions.released_at IS NOT NULL
        ) AS recent
        INNER JOIN health.agents
            ON recent.agent_id = agents.agent_id AND agents.recovery_group IS NOT NULL
        INNER JOIN health.agent_status AS status ON recent.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        WHERE recent.started_at IS NULL
            OR recent.started_at > p_now - make_interval(
                secs => policies.recovery_budget_window_seconds
            )
        GROUP BY agents.recovery_group
    ) AS spent;
$$;
COMMENT ON FUNCTION health_internal.spent_by_groups(timestamptz) IS
'How many recoveries each recovery_group began in the window of its budget, or has on their way.';

CREATE OR REPLACE FUNCTION health_internal.apply_brakes(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- By index each waiting one costs the same, however many there are and whatever statistics say.
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_storm constant text := health_internal.watch_storm(p_now);
    v_waiting constant text [] := ARRAY(
        SELECT actions.agent_id
        FROM health.recovery_actions AS actions
        WHERE actions.state = 'pending'
    );
    v_maintained text [];
    v_parents jsonb;
    v_group_attempts jsonb;
    v_free bigint;
    v_verdict record;
    v_moved bigint;
    v_released bigint := 0;
BEGIN
    IF v_waiting = '{}' THEN
        RETURN 0;
    END IF;
    v_maintained := health_internal.agents_in_maintenance(v_waiting, p_now);
    v_group_attempts := health_internal.spent_by_groups(p_now);
    SELECT coalesce(jsonb_object_agg(dead.agent_id, dead.parents), '{}')
    INTO v_parents
    FROM health_internal.missing_parents(v_waiting) AS dead;
    SELECT greatest(0, settings.recovery_concurrency - (
        SELECT count(*)
        FROM health.recovery_actions AS actions
        WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
            AND actions.requested_by = 'engine'
            AND (actions.state <> 'pending' OR actions.released_at IS NOT NULL)
    ))
    INTO STRICT v_free
    FROM health.settings;

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
                    WHEN v_parents ? actions.agent_id THEN 'parent'
                    WHEN marks.is_new AND v_storm IS NOT NULL THEN 'storm'
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
            WHERE actions.state = 'pending'
            OFFSET 0
        ),

        -- Budgets: first its own, then what is left of its group's, the dearest agents first.
        budgeted AS (
            SELECT
                waiting.*,
                CASE
                    WHEN NOT waiting.is_new OR waiting.must_wait_for IS NOT NULL THEN false
                    ELSE (
                        SELECT count(*)
                        FROM health.recovery_actions AS earlier
                        WHERE earlier.agent_id = waiting.agent_id
                            AND earlier.started_at > p_now - make_interval(
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
                    WHEN 'parent' THEN format('parents first: %s', verdicts.parents)
                    WHEN 'storm' THEN v_storm
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
COMMENT ON FUNCTION health_internal.apply_brakes(timestamptz) IS
'Looks at every pending recovery: lets those go that nothing holds, the dearest agents first, says of '
'the others what they wait for, and hands to a person what its budget does not allow. Returns how many '
'it let go.';

COMMIT;
