-- Recovery: queue, claim, report, verify. Every step is a guarded UPDATE; a lease and a fencing token
-- keep a worker that was away from acting on what another holds now.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.recovery_attempt(
    p_agent_id text,
    p_policy_class text,
    p_now timestamptz,
    OUT attempt integer,
    OUT not_before timestamptz,
    OUT is_allowed boolean,
    OUT is_within_budget boolean
)
LANGUAGE plpgsql
STABLE
-- The plan is kept and must not be the one for an empty table: ten thousand agents can fall silent
-- in one tick.
SET enable_seqscan = off
SET jit = off
AS $$
BEGIN
    SELECT
        recent.attempt_count + 1,
        greatest(
            p_now,
            recent.last_finished_at + make_interval(secs => least(
                policy.recovery_backoff_limit_seconds,
                policy.recovery_backoff_seconds
                * 2 ^ least(20, greatest(0, recent.attempt_count - 1))
            ))
        ),
        policy.is_recovery_enabled,
        recent.attempt_count < policy.recovery_budget_count
    INTO attempt, not_before, is_allowed, is_within_budget
    FROM health.current_policies AS policy
    CROSS JOIN LATERAL (
        SELECT
            count(*)::integer AS attempt_count,
            max(actions.finished_at) AS last_finished_at
        FROM health.recovery_actions AS actions
        WHERE actions.agent_id = p_agent_id
            AND actions.executed_at IS NOT NULL
            AND actions.created_at
            > p_now - make_interval(secs => policy.recovery_budget_window_seconds)
    ) AS recent
    WHERE policy.policy_class = p_policy_class;
END;
$$;
COMMENT ON FUNCTION health_internal.recovery_attempt(text, text, timestamptz) IS
'Number of the next attempt for an agent of a class, the earliest time for it (back-off: 10 s doubling '
'to 300 s after the last one of the budget''s window), whether the policy allows recoveries at all and '
'whether its budget allows this one.';

CREATE OR REPLACE FUNCTION health_internal.act_on_recoveries(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
-- Thousands can fail in one tick, before statistics know: hash joins stay linear. Where a loop is all
-- that is left its cost looks endless, and compiling for it would take a second: no jit.
SET plan_cache_mode = force_custom_plan
SET enable_nestloop = off
SET jit = off
AS $$
DECLARE
    v_failed text [];
    v_queued bigint;
BEGIN
    -- A lease ran out: what was only claimed goes back to the queue, what was executing has failed
    -- (nobody knows how far it came, and verification by heartbeats decides).
    UPDATE health.recovery_actions AS actions
    SET
        state = CASE WHEN actions.state = 'claimed' THEN 'pending' ELSE 'verifying' END,
        claimed_by = CASE WHEN actions.state = 'executing' THEN actions.claimed_by END,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = NULL,
        executed_at = CASE WHEN actions.state = 'executing' THEN p_now END,
        verify_until = CASE
            WHEN actions.state = 'executing'
                THEN p_now + make_interval(secs => policy.startup_grace_seconds)
        END,
        outcome = actions.outcome || '{"lease": "lost"}'
    FROM health.agent_status AS status
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    WHERE actions.state IN ('claimed', 'executing')
        AND actions.lease_until < p_now
        AND status.agent_id = actions.agent_id;

    -- Nobody needs it any more.
    UPDATE health.recovery_actions AS actions
    SET
        state = 'cancelled',
        finished_at = p_now,
        outcome = actions.outcome || '{"reason": "the agent recovered by itself"}'
    FROM health.agent_status AS status
    WHERE actions.state = 'pending'
        AND actions.requested_by = 'engine'
        AND status.agent_id = actions.agent_id
        AND status.issue_type IS NULL;

    -- Verified by heartbeats that came after the restart.
    WITH verified AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = 'succeeded',
            finished_at = p_now,
            outcome = actions.outcome || jsonb_build_object(
                'verified_by', 'heartbeats', 'last_heartbeat_at', status.last_heartbeat_at
            )
        FROM health.agent_status AS status
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        WHERE actions.state = 'verifying'
            AND status.agent_id = actions.agent_id
            AND status.last_heartbeat_at > actions.executed_at
            AND status.state IN ('active', 'running', 'idle')
            AND status.liveness = 'alive'
            AND status.issue_type IS NULL
            -- Beats of one moment (state changes at the start, say) count once.
            AND (
                SELECT count(DISTINCT floor(
                    date_part('epoch', good.received_at - actions.executed_at)
                    / (0.8 * status.learnt_interval_seconds)
                ))
                FROM (
                    SELECT beats.received_at
                    FROM health.agent_heartbeats AS beats
                    WHERE beats.agent_id = actions.agent_id
                        AND beats.received_at > actions.executed_at
                        AND beats.state IN ('active', 'running', 'idle')
                    UNION ALL
                    SELECT beats.received_at
                    FROM health.ingest_heartbeats AS beats
                    WHERE beats.agent_id = actions.agent_id
                        AND beats.received_at > actions.executed_at
                        AND beats.state IN ('active', 'running', 'idle')
                ) AS good
            ) >= policy.verify_beats
        RETURNING actions.action_id, actions.agent_id, actions.issue_type, actions.created_at
    ),

    recovered AS (
        UPDATE health.incidents
        SET recovered_at = p_now
        FROM verified
        WHERE incidents.agent_id = verified.agent_id AND incidents.resolved_at IS NULL
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent',
        'automated_recovery',
        'info',
        jsonb_build_object(
            'agent_id', verified.agent_id, 'issue_type', verified.issue_type,
            'action_id', verified.action_id, 'success', true,
            'recovery_seconds', date_part('epoch', p_now - verified.created_at)
        ),
        p_now
    FROM verified;

    -- Not verified in time, executing too long, or claimed by nobody.
    WITH failed AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = CASE
                WHEN actions.state = 'pending' THEN 'escalated'
                ELSE 'failed'
            END,
            finished_at = p_now,
            fencing_token = nextval('health_internal.fencing_tokens'),
            outcome = actions.outcome || jsonb_build_object('reason', CASE actions.state
                WHEN 'pending' THEN 'no bridge claimed it'
                WHEN 'executing' THEN 'it took too long'
                ELSE 'the agent did not prove itself by heartbeats'
            END)
        FROM health.agent_status AS status
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        WHERE status.agent_id = actions.agent_id
            AND CASE actions.state
                WHEN 'pending' THEN
                    actions.not_before + make_interval(secs => policy.recovery_claim_seconds) < p_now
                WHEN 'executing' THEN
                    actions.started_at
                    + make_interval(secs => policy.recovery_execution_seconds) < p_now
                WHEN 'verifying' THEN actions.verify_until < p_now
            END
        RETURNING actions.action_id, actions.agent_id, actions.state, actions.outcome
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent', 'automated_recovery', 'warning',
        jsonb_build_object(
            'agent_id', failed.agent_id, 'action_id', failed.action_id, 'success', false
        ) || failed.outcome,
        p_now
    FROM failed;

    -- Still in trouble and nothing under way: the next attempt within the budget, else a person.
    WITH stuck AS (
        SELECT
            idle.agent_id,
            idle.issue_type,
            attempts.attempt,
            attempts.not_before,
            attempts.is_within_budget
        FROM (
            SELECT
                status.agent_id,
                status.policy_class,
                status.issue_type
            FROM health.agent_status AS status
            INNER JOIN health.current_policies AS policy
                ON status.policy_class = policy.policy_class AND policy.is_recovery_enabled
            CROSS JOIN LATERAL (
                SELECT actions.state, actions.finished_at
                FROM health.recovery_actions AS actions
                WHERE actions.agent_id = status.agent_id
                ORDER BY actions.created_at DESC, actions.action_id DESC
                LIMIT 1
            ) AS latest
            WHERE (status.active_conditions <> '{}' OR status.issue_type IS NOT NULL)
                AND status.issue_type IS NOT NULL
                AND status.agent_id <> 'heartbeat_health_agent'
                AND latest.state IN ('failed', 'succeeded', 'cancelled')
                AND latest.finished_at < p_now
            OFFSET 0
        ) AS idle
        CROSS JOIN LATERAL health_internal.recovery_attempt(
            idle.agent_id, idle.policy_class, p_now
        ) AS attempts
    )

    INSERT INTO health.recovery_actions (
        agent_id, issue_type, attempt, created_at, not_before, state, finished_at, outcome
    )
    SELECT
        stuck.agent_id,
        stuck.issue_type,
        stuck.attempt,
        p_now,
        stuck.not_before,
        CASE WHEN stuck.is_within_budget THEN 'pending' ELSE 'escalated' END,
        CASE WHEN NOT stuck.is_within_budget THEN p_now END,
        CASE
            WHEN stuck.is_within_budget THEN '{}'::jsonb
            ELSE '{"reason": "the budget of attempts is used up"}'::jsonb
        END
    FROM stuck
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING;
    GET DIAGNOSTICS v_queued = ROW_COUNT;

    -- Escalations nobody was told of yet.
    SELECT array_agg(DISTINCT actions.agent_id)
    INTO v_failed
    FROM health.recovery_actions AS actions
    INNER JOIN health.agent_status AS status ON actions.agent_id = status.agent_id
    WHERE actions.state = 'escalated'
        AND actions.finished_at > p_now - interval '1 minute'
        AND status.issue_type IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM health.alerts
            WHERE alerts.agent_id = actions.agent_id
                AND alerts.rule = 'recovery_failed'
                AND alerts.resolved_at IS NULL
        );
    IF v_failed IS NOT NULL THEN
        PERFORM health_internal.open_recovery_failed(
            p_now, v_failed, 'automatic recovery gave up'
        );
    END IF;

    UPDATE health.recovery_actions AS actions
    SET incident_id = incidents.incident_id
    FROM health.incidents
    WHERE actions.incident_id IS NULL
        AND actions.state IN ('pending', 'claimed', 'executing', 'verifying')
        AND incidents.agent_id = actions.agent_id
        AND incidents.resolved_at IS NULL;
    RETURN v_queued;
END;
$$;
COMMENT ON FUNCTION health_internal.act_on_recoveries(timestamptz) IS
'Moves recoveries on: lost leases, needless ones, verification by heartbeats, time-outs, further '
'attempts within the budget, escalation to a person. Returns how many were queued anew.';

CREATE OR REPLACE FUNCTION health.claim_recovery_actions(
    p_worker text,
    p_limit integer DEFAULT 10,
    p_agent_ids text [] DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    action_id bigint,
    agent_id text,
    issue_type text,
    action text,
    parameters jsonb,
    attempt integer,
    fencing_token bigint,
    lease_until timestamptz
)
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE health.recovery_actions AS actions
    SET
        state = 'claimed',
        claimed_by = p_worker,
        claimed_at = p_now,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = p_now + interval '30 seconds'
    FROM (
        SELECT pending.action_id
        FROM health.recovery_actions AS pending
        WHERE pending.state = 'pending'
            AND pending.not_before <= p_now
            AND (p_agent_ids IS NULL OR pending.agent_id = ANY (p_agent_ids))
        ORDER BY pending.not_before, pending.action_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    WHERE actions.action_id = chosen.action_id
    RETURNING
        actions.action_id, actions.agent_id, actions.issue_type, actions.action,
        actions.parameters, actions.attempt, actions.fencing_token, actions.lease_until;
$$;
COMMENT ON FUNCTION health.claim_recovery_actions(text, integer, text [], timestamptz) IS
'Claims due recoveries for p_worker for 30 s (renew_lease prolongs), only of p_agent_ids where given. '
'No action is claimed by two workers. The action is a name: what it runs is in the bridge''s own '
'configuration.';

CREATE OR REPLACE FUNCTION health.report_recovery_action(
    p_action_id bigint,
    p_fencing_token bigint,
    p_outcome text,
    p_details jsonb DEFAULT '{}',
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_agent_id text;
    v_state text;
BEGIN
    IF p_outcome IS NULL OR p_outcome NOT IN ('executing', 'succeeded', 'failed', 'refused') THEN
        RAISE EXCEPTION 'outcome "%" of a recovery is not known', coalesce(p_outcome, 'NULL')
            USING ERRCODE = 'RC001',
                HINT = 'Report executing, succeeded, failed or refused.';
    END IF;

    UPDATE health.recovery_actions AS actions
    SET
        state = CASE p_outcome
            WHEN 'executing' THEN 'executing'
            WHEN 'succeeded' THEN 'verifying'
            WHEN 'failed' THEN 'failed'
            WHEN 'refused' THEN 'escalated'
        END,
        started_at = CASE
            WHEN p_outcome = 'executing' THEN coalesce(actions.started_at, p_now)
            ELSE actions.started_at
        END,
        executed_at = CASE WHEN p_outcome IN ('succeeded', 'failed') THEN p_now END,
        verify_until = CASE
            WHEN p_outcome = 'succeeded'
                -- The start-up grace, and the beats that prove it at the agent's own pace.
                THEN p_now + make_interval(secs => policy.startup_grace_seconds + coalesce(
                    policy.verify_beats * coalesce(status.learnt_interval_seconds,
                        policy.default_expected_interval_seconds), 0
                ))
        END,
        lease_until = CASE
            WHEN p_outcome = 'executing' THEN p_now + interval '30 seconds'
        END,
        finished_at = CASE WHEN p_outcome IN ('failed', 'refused') THEN p_now END,
        outcome = actions.outcome || jsonb_strip_nulls(jsonb_build_object(
            'reported', p_outcome,
            'details', nullif(coalesce(p_details, '{}'), '{}')
        )) || CASE p_outcome
            WHEN 'refused' THEN '{"reason": "the bridge refused it"}'::jsonb
            WHEN 'failed' THEN '{"reason": "the executor failed"}'::jsonb
            ELSE '{}'::jsonb
        END
    FROM health.current_policies AS policy
    LEFT JOIN health.agent_status AS status ON status.policy_class = policy.policy_class
    WHERE actions.action_id = p_action_id
        AND actions.fencing_token = p_fencing_token
        AND actions.state IN ('claimed', 'executing')
        AND status.agent_id = actions.agent_id
    RETURNING actions.agent_id, actions.state
    INTO v_agent_id, v_state;
    IF v_agent_id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN true;
END;
$$;
COMMENT ON FUNCTION health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz) IS
'Reports what became of a claimed recovery: executing, succeeded (heartbeats verify from now on), '
'failed, or refused (a person is asked). Returns false, and changes nothing, where the fencing token '
'is no longer the action''s: the lease was lost. Raises RC001 for another outcome.';

CREATE OR REPLACE FUNCTION health.renew_lease(
    p_kind text,
    p_id bigint,
    p_fencing_token bigint,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE p_kind
        WHEN 'recovery' THEN
            UPDATE health.recovery_actions AS actions
            SET lease_until = p_now + interval '30 seconds'
            WHERE actions.action_id = p_id
                AND actions.fencing_token = p_fencing_token
                AND actions.state IN ('claimed', 'executing');
        WHEN 'delivery' THEN
            UPDATE health.deliveries
            SET lease_until = p_now + interval '30 seconds'
            WHERE deliveries.delivery_id = p_id
                AND deliveries.fencing_token = p_fencing_token
                AND deliveries.state = 'claimed';
        ELSE
            RAISE EXCEPTION 'lease of kind "%" is not known', p_kind
                USING ERRCODE = 'RC002',
                    HINT = 'Name recovery or delivery.';
    END CASE;
    RETURN FOUND;
END;
$$;
COMMENT ON FUNCTION health.renew_lease(text, bigint, bigint, timestamptz) IS
'Prolongs the lease of a claimed recovery or delivery to 30 s from now; false where it was lost. '
'Raises RC002 for another kind.';

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
    v_action_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM health.agent_status WHERE agent_status.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    INSERT INTO health.recovery_actions AS actions (
        agent_id, issue_type, requested_by, created_at, not_before
    )
    VALUES (p_agent_id, p_issue_type, coalesce(p_by, session_user), p_now, p_now)
    ON CONFLICT (agent_id) WHERE state IN ('pending', 'claimed', 'executing', 'verifying')
    DO NOTHING
    RETURNING actions.action_id INTO v_action_id;
    IF v_action_id IS NULL THEN
        RAISE EXCEPTION 'agent "%" is being recovered already', p_agent_id
            USING ERRCODE = 'RC003',
                DETAIL = (
                    SELECT format('Action %s is %s.', actions.action_id, actions.state)
                    FROM health.recovery_actions AS actions
                    WHERE actions.agent_id = p_agent_id
                        AND actions.state IN ('pending', 'claimed', 'executing', 'verifying')
                ),
                HINT = 'Wait for it to end, or look at health.recovery_backlog.';
    END IF;
    PERFORM pg_notify('health_wakeup', '');
    RETURN v_action_id;
END;
$$;
COMMENT ON FUNCTION health.request_recovery(text, text, text, timestamptz) IS
'Queues a restart of an agent on a person''s word, at once and outside the budget; returns the '
'action_id. Raises AG001 for an unknown agent, RC003 while one is under way.';

GRANT EXECUTE ON FUNCTION health.claim_recovery_actions(text, integer, text [], timestamptz),
health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz),
health.renew_lease(text, bigint, bigint, timestamptz) TO health_bridge;
GRANT EXECUTE ON FUNCTION health.request_recovery(text, text, text, timestamptz) TO health_operator;

COMMIT;
