-- What may stand against a recovery: people at work on the agent, parents it lacks, what its group has
-- spent; and which recoveries that can concern since they were looked at last.
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

CREATE OR REPLACE FUNCTION health_internal.missing_parents(
    p_agent_ids text [],
    p_now timestamptz
)
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
        LEFT JOIN health_internal.returned_parents(p_agent_ids, p_now) AS returned
            ON dependencies.child_id = returned.agent_id
            AND dependencies.parent_id = returned.parent_id
        WHERE dependencies.child_id = ANY (p_agent_ids)
        GROUP BY
            dependencies.child_id,
            dependencies.redundancy_group,
            CASE WHEN dependencies.redundancy_group IS NULL THEN dependencies.parent_id END
        -- Too few of a redundancy group are left; without a group each one counts.
        HAVING count(*) FILTER (WHERE NOT (
            coalesce(parent.issue_type = 'agent_unresponsive', false)
            OR returned.until_at IS NOT NULL
            -- Nobody knows of it yet: as long as its page would, the child's restart waits too.
            OR (
                coalesce(parent.liveness = 'late', false)
                AND EXISTS (
                    SELECT FROM health.recovery_actions AS waiting
                    CROSS JOIN health.settings
                    WHERE waiting.agent_id = dependencies.child_id
                        AND waiting.finished_at IS NULL
                        AND waiting.state = 'pending'
                        AND p_now < waiting.created_at + settings.parent_wait
                )
            )
            OR EXISTS (
                SELECT FROM health.recovery_actions AS actions
                WHERE actions.agent_id = dependencies.parent_id
                    AND actions.finished_at IS NULL
                    AND actions.claimed_by IS NOT NULL
            )
        )) < least(max(dependencies.minimum_alive_count), count(*))
    ) AS needs
    GROUP BY needs.agent_id;
$$;
COMMENT ON FUNCTION health_internal.missing_parents(text [], timestamptz) IS
'Which of these agents lack a parent at present, and which: it does not answer, is being recovered, came '
'back so lately that the agent has had no time to be heard since, or is late and its verdict awaited '
'(settings.parent_wait at most, since the agent''s recovery was queued).';

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
            WHERE actions.finished_at > p_now - make_interval(secs => (
                SELECT max(policies.recovery_budget_window_seconds)
                FROM health.current_policies AS policies
            ))
                AND actions.started_at IS NOT NULL
            UNION ALL
            -- On its way: let go, begun or not.
            SELECT
                actions.agent_id,
                actions.started_at
            FROM health.recovery_actions AS actions
            WHERE actions.finished_at IS NULL
                AND actions.claimed_by IS NOT NULL
                AND coalesce(actions.started_at, actions.released_at) IS NOT NULL
            UNION ALL
            SELECT
                actions.agent_id,
                actions.started_at
            FROM health.recovery_actions AS actions
            WHERE actions.finished_at IS NULL
                AND actions.claimed_by IS NULL
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

CREATE OR REPLACE FUNCTION health_internal.recoveries_to_judge(
    p_now timestamptz,
    p_is_storm boolean,
    p_has_room boolean
)
RETURNS bigint []
LANGUAGE plpgsql
STABLE
-- Sets are hashed, however many there are and whatever statistics say.
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    v_is_frozen constant boolean := EXISTS (
        SELECT FROM health_internal.open_freeze_windows(p_now)
    );
    v_is_all_frozen constant boolean := EXISTS (
        SELECT FROM health_internal.open_freeze_windows(p_now) AS windows
        WHERE windows.policy_class IS NULL
    );
    -- For a minute: anybody may be heard, or have become unheard.
    v_is_blind constant boolean := EXISTS (
        SELECT FROM health.monitor_gaps AS gaps WHERE gaps.settled_at > p_now
    );
BEGIN
    -- Ten thousand may be held, each tick: what is held, and still would be, is not weighed again.
    -- Each comparison is with what comes before that brake, in the order of apply_brakes.
    RETURN ARRAY(
        WITH in_maintenance AS MATERIALIZED (
            SELECT periods.agent_id
            FROM health.maintenance_periods AS periods
            WHERE periods.ended_at IS NULL AND periods.until_at > p_now
        )

        SELECT actions.action_id
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.state = 'pending'
            AND CASE
                WHEN actions.approved_at IS NOT NULL THEN true
                WHEN actions.hold = 'freeze' THEN NOT v_is_all_frozen
                WHEN v_is_frozen OR v_is_blind THEN true
                WHEN actions.hold = 'maintenance'
                    THEN actions.agent_id NOT IN (SELECT agent_id FROM in_maintenance)
                WHEN actions.hold = 'storm' AND p_is_storm THEN actions.agent_id IN (
                    SELECT agent_id FROM in_maintenance
                    UNION ALL
                    SELECT dependencies.child_id FROM health.dependencies
                )
                WHEN actions.hold = 'concurrency' AND NOT p_is_storm AND NOT p_has_room
                    THEN actions.agent_id IN (
                        SELECT agent_id FROM in_maintenance
                        UNION ALL
                        SELECT dependencies.child_id FROM health.dependencies
                        UNION ALL
                        -- Its group may have spent its budget since.
                        SELECT agents.agent_id
                        FROM health.agents
                        WHERE agents.recovery_group IS NOT NULL
                    )
                ELSE true
            END
    );
END;
$$;
COMMENT ON FUNCTION health_internal.recoveries_to_judge(timestamptz, boolean, boolean) IS
'Pending recoveries whose brake may be another than the one that holds them. p_is_storm: a storm holds '
'at present; p_has_room: the limit of the fleet has room.';

COMMIT;
