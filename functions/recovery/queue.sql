-- The queue: what is in trouble and has no recovery gets one, by one statement over the whole set,
-- whether the engine found it, a transition was written, or a person asked.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.enqueue_recoveries(
    p_now timestamptz,
    p_agent_ids text [],
    p_issue_types text [],
    p_transition_ids bigint [] DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- Thousands can fail in one tick, before statistics know: by index each costs the same, however many
-- there are. A scan of the table that is being filled would take a second.
SET plan_cache_mode = force_custom_plan
SET enable_seqscan = off
SET jit = off
SET lock_timeout = '50ms'
AS $$
DECLARE
    v_half constant integer := cardinality(p_agent_ids) / 2;
    v_count bigint;
BEGIN
    IF cardinality(p_agent_ids) <= 50 THEN
        PERFORM set_config('plan_cache_mode', 'force_generic_plan', true);
    END IF;
    INSERT INTO health.recovery_actions (
        agent_id, issue_type, action, parameters, strategy, attempt, transition_id, incident_id,
        created_at, not_before
    )
    SELECT
        wanted.agent_id,
        wanted.issue_type,
        strategies.steps -> 0 ->> 'action',
        coalesce(strategies.steps -> 0 -> 'parameters', '{}'),
        strategies.steps,
        streak.attempts_before + 1,
        wanted.transition_id,
        incidents.incident_id,
        p_now,
        greatest(
            p_now,
            previous.lease_until,
            CASE
                WHEN streak.attempts_before > 0 THEN previous.finished_at + make_interval(
                    secs => least(
                        policies.recovery_backoff_limit_seconds,
                        policies.recovery_backoff_seconds
                        * 2 ^ least(20, streak.attempts_before - 1)
                    )
                )
            END
        )
    FROM unnest(
        p_agent_ids,
        p_issue_types,
        coalesce(p_transition_ids, array_fill(NULL::bigint, ARRAY[cardinality(p_agent_ids)]))
    ) AS wanted (agent_id, issue_type, transition_id)
    INNER JOIN health.agent_status AS status ON wanted.agent_id = status.agent_id
    INNER JOIN health.current_policies AS policies
        ON status.policy_class = policies.policy_class AND policies.is_recovery_enabled
    INNER JOIN health_internal.strategies() AS strategies
        ON status.policy_class = strategies.policy_class
        AND wanted.issue_type = strategies.issue_type
    LEFT JOIN health.incidents
        ON wanted.agent_id = incidents.agent_id AND incidents.resolved_at IS NULL
    LEFT JOIN LATERAL (
        SELECT
            actions.attempt,
            actions.started_at,
            actions.finished_at,
            actions.settled_at,
            actions.lease_until
        FROM health.recovery_actions AS actions
        WHERE actions.agent_id = wanted.agent_id
        ORDER BY actions.created_at DESC, actions.action_id DESC
        LIMIT 1
    ) AS previous ON true
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN previous.attempt IS NULL
                OR previous.settled_at <= p_now - make_interval(
                    secs => policies.recovery_budget_window_seconds
                ) THEN 0
            -- One that never began does not count.
            WHEN previous.started_at IS NULL THEN previous.attempt - 1
            ELSE previous.attempt
        END AS attempts_before
    ) AS streak
    -- The engine cannot restart itself.
    WHERE wanted.agent_id <> 'heartbeat_health_agent'
    ON CONFLICT (agent_id) WHERE finished_at IS NULL DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
EXCEPTION
    -- Somebody asked for the recovery of one of them and has not committed: halve until it stands
    -- alone, and leave it to the next tick.
    WHEN lock_not_available THEN
        IF v_half = 0 THEN
            RETURN 0;
        END IF;
        RETURN health_internal.enqueue_recoveries(
            p_now, p_agent_ids[:v_half], p_issue_types[:v_half], p_transition_ids[:v_half]
        ) + health_internal.enqueue_recoveries(
            p_now, p_agent_ids[v_half + 1:], p_issue_types[v_half + 1:],
            p_transition_ids[v_half + 1:]
        );
END;
$$;
COMMENT ON FUNCTION health_internal.enqueue_recoveries(timestamptz, text [], text [], bigint []) IS
'Queues a recovery for each agent and issue that has none under way and whose policy allows it, with '
'its strategy, the number of the attempt and the back-off (10 s doubling to 300 s, from the start '
'again after ten healthy minutes); an agent whose queueing would wait for somebody''s open transaction '
'is left out. Returns how many. The brakes release them.';

CREATE OR REPLACE FUNCTION health_internal.queue_recoveries(
    p_now timestamptz,
    p_agent_ids text [],
    p_issue_types text []
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_agent_ids text [];
    v_issue_types text [];
    v_transition_ids bigint [];
BEGIN
    SELECT
        array_agg(idle.agent_id ORDER BY idle.agent_id),
        array_agg(idle.issue_type ORDER BY idle.agent_id),
        array_agg(
            (
                SELECT transitions.transition_id
                FROM health.status_transitions AS transitions
                WHERE transitions.agent_id = idle.agent_id
                    AND transitions.issue_type = idle.issue_type
                    AND transitions.issue_type IS DISTINCT FROM transitions.old_issue_type
                ORDER BY transitions.occurred_at DESC
                LIMIT 1
            )
            ORDER BY idle.agent_id
        )
    INTO v_agent_ids, v_issue_types, v_transition_ids
    FROM unnest(p_agent_ids, p_issue_types) AS idle (agent_id, issue_type)
    LEFT JOIN LATERAL (
        SELECT
            actions.state,
            actions.issue_type,
            actions.finished_at,
            actions.settled_at
        FROM health.recovery_actions AS actions
        WHERE actions.agent_id = idle.agent_id
        ORDER BY actions.created_at DESC, actions.action_id DESC
        LIMIT 1
    ) AS latest ON true
    WHERE latest.state IS NULL
        -- What a person was asked about stays his until it is over or becomes something else.
        OR (
            latest.finished_at < p_now
            AND (
                latest.state <> 'escalated'
                OR latest.settled_at IS NOT NULL
                OR latest.issue_type <> idle.issue_type
            )
        );
    IF v_agent_ids IS NULL THEN
        RETURN 0;
    END IF;
    RETURN health_internal.enqueue_recoveries(p_now, v_agent_ids, v_issue_types, v_transition_ids);
END;
$$;
COMMENT ON FUNCTION health_internal.queue_recoveries(timestamptz, text [], text []) IS
'Queues a recovery for each of these agents in trouble that have none under way, but for those that are a '
'person''s already. Returns how many.';

CREATE OR REPLACE FUNCTION health.request_recovery(
    p_agent_id text,
    p_issue_type text,
    p_by text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_policy_class text;
    v_steps jsonb;
    v_frozen_by text;
    v_action_id bigint;
BEGIN
    SELECT
        status.policy_class,
        (
            SELECT strategies.steps
            FROM health_internal.strategies() AS strategies
            WHERE strategies.policy_class = status.policy_class
                AND strategies.issue_type = p_issue_type
        ),
        (
            SELECT format('freeze "%s" until %s', windows.window_name, windows.until_at)
            FROM health_internal.open_freeze_windows(p_now) AS windows
            WHERE coalesce(windows.policy_class, status.policy_class) = status.policy_class
            ORDER BY windows.until_at DESC
            LIMIT 1
        )
    INTO v_policy_class, v_steps, v_frozen_by
    FROM health.agent_status AS status
    WHERE status.agent_id = p_agent_id;
    IF v_policy_class IS NULL THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    INSERT INTO health.recovery_actions AS actions (
        agent_id, issue_type, action, parameters, strategy, requested_by, created_at, not_before,
        hold, hold_reason, released_at
    )
    VALUES (
        p_agent_id,
        p_issue_type,
        coalesce(v_steps -> 0 ->> 'action', 'restart_agent'),
        coalesce(v_steps -> 0 -> 'parameters', '{}'),
        coalesce(v_steps, '[{"action": "restart_agent"}, {"action": "verify"}]'),
        -- "engine" is the engine's own name: what a person asks must not look like its decision.
        CASE
            WHEN coalesce(p_by, session_user) = 'engine' THEN 'person: engine'
            ELSE coalesce(p_by, session_user)
        END,
        p_now,
        p_now,
        CASE WHEN v_frozen_by IS NOT NULL THEN 'freeze' END,
        v_frozen_by,
        CASE WHEN v_frozen_by IS NULL THEN p_now END
    )
    ON CONFLICT (agent_id) WHERE finished_at IS NULL DO NOTHING
    RETURNING actions.action_id INTO v_action_id;
    IF v_action_id IS NULL THEN
        RAISE EXCEPTION 'agent "%" is being recovered already', p_agent_id
            USING ERRCODE = 'RC003',
                DETAIL = (
                    SELECT format('Action %s is %s.', actions.action_id, actions.state)
                    FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = p_agent_id
                        AND actions.finished_at IS NULL
                ),
                HINT = 'Wait for it to end, or look at health.recovery_backlog; '
                    'health.approve_recoveries lets one that waits go on.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_action_id;
END;
$$;
COMMENT ON FUNCTION health.request_recovery(text, text, text, timestamptz) IS
'Queues the recovery of an agent on a person''s word, at once and outside back-off, budgets, storm '
'and limit; in a freeze or maintenance it waits (approve_recoveries lets it go). Returns the '
'action_id. Raises AG001 for an unknown agent, RC003 while one is under way, and a named CHECK for an '
'unknown issue.';

GRANT EXECUTE ON FUNCTION health.request_recovery(text, text, text, timestamptz) TO health_operator;

COMMIT;
