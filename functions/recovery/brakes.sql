-- Brakes: what is queued waits until apply_brakes lets it go. In order: freeze, maintenance, parents
-- first, storm, budgets of agent and group (used up: a person), back-off, and the limit of the fleet.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.agents_in_maintenance(p_now timestamptz)
RETURNS TABLE (agent_id text)
LANGUAGE sql
STABLE
AS $$
    SELECT status.agent_id
    FROM health.agent_status AS status
    WHERE status.liveness = 'in_maintenance' AND p_now IS NOT NULL;
$$;
COMMENT ON FUNCTION health_internal.agents_in_maintenance(timestamptz) IS
'Agents that people work on at p_now: the only place that tells the brakes so.';

CREATE OR REPLACE FUNCTION health_internal.dead_parents()
RETURNS TABLE (agent_id text, parents text)
LANGUAGE sql
STABLE
AS $$
    SELECT
        needs.agent_id,
        string_agg(needs.parents, ', ' ORDER BY needs.parents)
    FROM (
        SELECT
            dependencies.agent_id,
            string_agg(dependencies.parent_id, ', ' ORDER BY dependencies.parent_id) AS parents
        FROM health.dependencies
        LEFT JOIN health.agent_status AS parent ON dependencies.parent_id = parent.agent_id
        GROUP BY
            dependencies.agent_id,
            coalesce(dependencies.redundancy_group, ''),
            CASE WHEN dependencies.redundancy_group IS NULL THEN dependencies.parent_id END
        -- Parents of one redundancy group must all be dead; without a group each one counts.
        HAVING bool_and(
            coalesce(parent.issue_type = 'agent_unresponsive', false)
            OR EXISTS (
                SELECT FROM health.recovery_actions AS actions
                WHERE actions.agent_id = dependencies.parent_id
                    AND actions.state IN ('claimed', 'executing', 'verifying')
            )
        )
    ) AS needs
    GROUP BY needs.agent_id;
$$;
COMMENT ON FUNCTION health_internal.dead_parents() IS
'Agents that lack a parent at present, and which: it does not answer, or is being recovered.';

CREATE OR REPLACE FUNCTION health_internal.has_dead_parent(p_agent_id text)
RETURNS boolean
LANGUAGE sql
STABLE
AS $$
    SELECT EXISTS (
        SELECT FROM health_internal.dead_parents() AS dead WHERE dead.agent_id = p_agent_id
    );
$$;
COMMENT ON FUNCTION health_internal.has_dead_parent(text) IS
'Whether a parent this agent needs is dead; of a redundancy group all must be.';

CREATE OR REPLACE FUNCTION health_internal.apply_brakes(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = on
SET jit = off
AS $$
DECLARE
    v_storm constant text := health_internal.watch_storm(p_now);
    v_free bigint;
    v_action_ids bigint [];
    v_reasons text [];
    v_released bigint;
BEGIN
    IF NOT EXISTS (
        SELECT FROM health.recovery_actions AS actions WHERE actions.state = 'pending'
    ) THEN
        RETURN 0;
    END IF;
    -- Few are looked up one by one, many by hash: statistics know nothing of this moment.
    PERFORM set_config('enable_nestloop', health_internal.are_few(count(*)), true)
    FROM (
        SELECT FROM health.recovery_actions AS actions WHERE actions.state = 'pending' LIMIT 1000
    ) AS pending;
    SELECT greatest(0, settings.recovery_concurrency - (
        SELECT count(*)
        FROM health.recovery_actions AS actions
        WHERE actions.requested_by = 'engine'
            AND (
                actions.state IN ('claimed', 'executing', 'verifying')
                OR (actions.state = 'pending' AND actions.released_at IS NOT NULL)
            )
    ))
    INTO STRICT v_free
    FROM health.settings;

    WITH waiting AS MATERIALIZED (
        SELECT
            actions.action_id,
            actions.agent_id,
            actions.created_at,
            actions.not_before,
            actions.hold,
            actions.hold_reason,
            actions.released_at,
            actions.approved_at IS NOT NULL AS is_approved,
            -- Past its first step the recovery is under way: only people stop it.
            actions.requested_by = 'engine' AND actions.started_at IS NULL AS is_braked,
            actions.requested_by = 'engine'
            AND actions.started_at IS NULL
            AND actions.released_at IS NULL AS is_new,
            actions.requested_by = 'engine' AS is_engines,
            policies.policy_class,
            policies.recovery_budget_count,
            policies.recovery_group_budget_count,
            policies.recovery_budget_window_seconds,
            policies.recovery_parent_seconds,
            agents.recovery_group,
            coalesce(agents.revenue_usd_per_hour, 0) AS revenue
        FROM health.recovery_actions AS actions
        INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policies
            ON status.policy_class = policies.policy_class
        LEFT JOIN health.agents ON actions.agent_id = agents.agent_id
        WHERE actions.state = 'pending'
    ),

    -- What counts against budgets: begun in the window, or in a group on its way.
    spent AS MATERIALIZED (
        SELECT
            actions.agent_id,
            agents.recovery_group,
            actions.started_at
        FROM health.recovery_actions AS actions
        LEFT JOIN health.agents ON actions.agent_id = agents.agent_id
        WHERE actions.started_at > p_now - make_interval(secs => (
            SELECT max(waiting.recovery_budget_window_seconds) FROM waiting
        ))
        UNION ALL
        SELECT
            NULL,
            agents.recovery_group,
            p_now
        FROM health.recovery_actions AS actions
        INNER JOIN health.agents ON actions.agent_id = agents.agent_id
        WHERE agents.recovery_group IS NOT NULL
            AND actions.started_at IS NULL
            AND (
                actions.state = 'claimed'
                OR (actions.state = 'pending' AND actions.released_at IS NOT NULL)
            )
    ),

    spent_by_agent AS MATERIALIZED (
        SELECT
            waiting.action_id,
            count(*) AS attempt_count
        FROM waiting
        INNER JOIN spent ON waiting.agent_id = spent.agent_id
        WHERE spent.started_at > p_now - make_interval(
            secs => waiting.recovery_budget_window_seconds
        )
        GROUP BY waiting.action_id
    ),

    spent_by_group AS MATERIALIZED (
        SELECT
            windows.recovery_group,
            windows.recovery_budget_window_seconds,
            count(*) AS attempt_count
        FROM (
            SELECT DISTINCT
                waiting.recovery_group,
                waiting.recovery_budget_window_seconds
            FROM waiting
        ) AS windows
        INNER JOIN spent ON windows.recovery_group = spent.recovery_group
        WHERE spent.started_at > p_now - make_interval(
            secs => windows.recovery_budget_window_seconds
        )
        GROUP BY windows.recovery_group, windows.recovery_budget_window_seconds
    ),

    frozen AS MATERIALIZED (
        SELECT
            windows.policy_class,
            format('freeze "%s" until %s', windows.window_name, windows.until_at) AS reason,
            windows.until_at
        FROM health_internal.open_freeze_windows(p_now) AS windows
    ),

    judged AS (
        SELECT
            waiting.*,
            CASE
                WHEN waiting.is_approved THEN NULL
                WHEN freezes.reason IS NOT NULL THEN 'freeze'
                WHEN maintained.agent_id IS NOT NULL THEN 'maintenance'
                WHEN waiting.is_braked AND parents.parents IS NOT NULL THEN 'parent'
                WHEN waiting.is_new AND v_storm IS NOT NULL THEN 'storm'
            END AS must_wait_for,
            freezes.reason AS freeze_reason,
            parents.parents,
            waiting.is_new
            AND coalesce(spent_by_agent.attempt_count, 0) >= waiting.recovery_budget_count
                AS is_over_budget,
            coalesce(spent_by_group.attempt_count, 0) AS group_attempt_count
        FROM waiting
        LEFT JOIN LATERAL (
            SELECT frozen.reason
            FROM frozen
            WHERE coalesce(frozen.policy_class, waiting.policy_class) = waiting.policy_class
            ORDER BY frozen.until_at DESC
            LIMIT 1
        ) AS freezes ON true
        LEFT JOIN spent_by_agent ON waiting.action_id = spent_by_agent.action_id
        LEFT JOIN spent_by_group
            ON waiting.recovery_group = spent_by_group.recovery_group
            AND waiting.recovery_budget_window_seconds
            = spent_by_group.recovery_budget_window_seconds
        LEFT JOIN health_internal.agents_in_maintenance(p_now) AS maintained
            ON waiting.agent_id = maintained.agent_id
        LEFT JOIN health_internal.dead_parents() AS parents ON waiting.agent_id = parents.agent_id
        OFFSET 0
    ),

    grouped AS (
        SELECT
            judged.*,
            judged.is_new
            AND judged.must_wait_for IS NULL
            AND NOT judged.is_over_budget
            AND judged.recovery_group IS NOT NULL
            AND judged.group_attempt_count + row_number() OVER (
                PARTITION BY
                    judged.recovery_group,
                    judged.is_new AND judged.must_wait_for IS NULL AND NOT judged.is_over_budget
                ORDER BY judged.revenue DESC, judged.not_before, judged.action_id
            ) > judged.recovery_group_budget_count AS is_over_group_budget
        FROM judged
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
    ),

    moved AS (
        UPDATE health.recovery_actions AS actions
        SET
            hold = verdicts.new_hold,
            hold_reason = CASE verdicts.new_hold
                WHEN 'freeze' THEN verdicts.freeze_reason
                WHEN 'maintenance' THEN 'the agent is in maintenance'
                WHEN 'parent' THEN format('parents first: %s', verdicts.parents)
                WHEN 'storm' THEN v_storm
                WHEN 'concurrency' THEN 'as many recoveries run as settings.recovery_concurrency allows'
            END,
            released_at = CASE
                WHEN verdicts.new_hold IS NULL AND verdicts.may_go THEN p_now
                WHEN verdicts.new_hold IS NULL THEN actions.released_at
            END
        FROM verdicts
        WHERE actions.action_id = verdicts.action_id
            AND actions.state = 'pending'
            AND verdicts.escalation IS NULL
            -- Rows that stay as they are are not written; a growing storm alone rewrites nothing.
            AND (
                actions.hold IS DISTINCT FROM verdicts.new_hold
                OR (verdicts.new_hold IS NULL AND verdicts.may_go)
            )
        RETURNING actions.released_at
    )

    SELECT
        (SELECT array_agg(verdicts.action_id ORDER BY verdicts.action_id) FROM verdicts
            WHERE verdicts.escalation IS NOT NULL),
        (SELECT array_agg(verdicts.escalation ORDER BY verdicts.action_id) FROM verdicts
            WHERE verdicts.escalation IS NOT NULL),
        (SELECT count(*) FROM moved WHERE moved.released_at = p_now)
    INTO v_action_ids, v_reasons, v_released;
    IF v_action_ids IS NOT NULL THEN
        PERFORM health_internal.escalate_recoveries(p_now, v_action_ids, v_reasons);
    END IF;
    RETURN v_released;
END;
$$;
COMMENT ON FUNCTION health_internal.apply_brakes(timestamptz) IS
'Looks at every pending recovery: lets those go that nothing holds, the dearest agents first, says of '
'the others what they wait for, and hands to a person what its budget does not allow. Returns how many '
'it let go.';

COMMIT;
