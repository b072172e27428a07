-- What bridges call: claim, report, renew. Every step is a guarded UPDATE; a lease and a fencing token
-- keep a worker that was away from acting on what another holds now.
BEGIN;

SET LOCAL ROLE health_owner;

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
    lease_until timestamptz,
    timeout_seconds double precision
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- One plan, which takes the first few in the order of the index, however many wait.
SET plan_cache_mode = force_generic_plan
SET enable_sort = off
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    -- One may have begun since the last tick.
    v_is_frozen constant boolean := EXISTS (
        SELECT FROM health_internal.open_freeze_windows(p_now)
    );
BEGIN
    RETURN QUERY
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
        WHERE pending.finished_at IS NULL
            AND pending.claimed_by IS NULL
            AND pending.released_at IS NOT NULL
            AND pending.not_before <= p_now
            -- What the database does itself; what it does not know a bridge refuses.
            AND pending.action NOT IN ('terminate_sessions', 'verify', 'escalate')
            AND (p_agent_ids IS NULL OR pending.agent_id = ANY (p_agent_ids))
            AND (
                NOT v_is_frozen
                OR pending.approved_at IS NOT NULL
                OR NOT EXISTS (
                    SELECT FROM health_internal.open_freeze_windows(p_now) AS windows
                    WHERE windows.policy_class IS NULL
                        OR windows.policy_class = (
                            SELECT status.policy_class
                            FROM health.agent_status AS status
                            WHERE status.agent_id = pending.agent_id
                        )
                )
            )
        ORDER BY pending.not_before, pending.action_id
        LIMIT least(greatest(p_limit, 0), 1000)
        FOR UPDATE SKIP LOCKED
    ) AS chosen
    WHERE actions.action_id = chosen.action_id
    RETURNING
        actions.action_id, actions.agent_id, actions.issue_type::text, actions.action,
        actions.parameters, actions.attempt, actions.fencing_token, actions.lease_until,
        (actions.strategy -> (actions.step - 1) ->> 'timeout_seconds')::float8;
END;
$$;
COMMENT ON FUNCTION health.claim_recovery_actions(text, integer, text [], timestamptz) IS
'Claims recoveries that the brakes let go and that are due for p_worker for 30 s (renew_lease '
'prolongs), only of p_agent_ids where given. No action is claimed by two workers. The action is '
'restart_agent, reload or run_command, and a command is a name: what it runs is in the bridge''s own '
'configuration. timeout_seconds: of the step; NULL: the policy''s.';

CREATE OR REPLACE FUNCTION health_internal.failure_reason(p_outcome text, p_details jsonb)
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN CASE
    WHEN p_outcome NOT IN ('failed', 'refused') THEN NULL
    ELSE left(coalesce(
        CASE WHEN jsonb_typeof(p_details -> 'reason') = 'string' THEN p_details ->> 'reason' END,
        CASE WHEN jsonb_typeof(p_details -> 'error') = 'string' THEN p_details ->> 'error' END,
        'exit code ' || CASE
            WHEN jsonb_typeof(p_details -> 'exit_code') = 'number' THEN p_details ->> 'exit_code'
        END,
        CASE p_outcome WHEN 'refused' THEN 'the bridge refused it' ELSE 'the executor failed' END
    ), 500)
END;
COMMENT ON FUNCTION health_internal.failure_reason(text, jsonb) IS
'Why a step failed or was refused, in words, from what the executor told: reason, error or exit_code.';

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
    v_details constant jsonb := coalesce(p_details, '{}');
    v_is_due boolean;
BEGIN
    CASE p_outcome
        WHEN 'executing' THEN
            UPDATE health.recovery_actions AS actions
            SET
                state = 'executing',
                started_at = coalesce(actions.started_at, p_now),
                step_started_at = coalesce(actions.step_started_at, p_now),
                execute_until = coalesce(actions.execute_until, p_now + make_interval(secs => coalesce(
                    (actions.strategy -> (actions.step - 1) ->> 'timeout_seconds')::float8,
                    (
                        SELECT policies.recovery_execution_seconds
                        FROM health.agent_status AS status
                        INNER JOIN health.current_policies AS policies
                            ON status.policy_class = policies.policy_class
                        WHERE status.agent_id = actions.agent_id
                    )
                ))),
                lease_until = p_now + interval '30 seconds'
            WHERE actions.action_id = p_action_id
                AND actions.fencing_token = p_fencing_token
                AND actions.state IN ('claimed', 'executing');
            RETURN FOUND;
        WHEN 'released' THEN
            -- Handed back before anything was done: as if it had never been claimed.
            WITH held AS (
                SELECT actions.*
                FROM health.recovery_actions AS actions
                WHERE actions.action_id = p_action_id
                    AND actions.fencing_token = p_fencing_token
                    AND actions.state IN ('claimed', 'executing')
                FOR UPDATE
            ),

            trail AS (
                INSERT INTO health.recovery_steps (
                    action_id, step, action, parameters, worker, started_at, finished_at, outcome,
                    details
                )
                SELECT
                    held.action_id, held.step, held.action, held.parameters, held.claimed_by,
                    held.step_started_at, p_now, 'released', v_details
                FROM held
                WHERE held.state = 'executing'
            )

            UPDATE health.recovery_actions AS actions
            SET
                state = 'pending',
                claimed_by = NULL,
                lease_until = NULL,
                fencing_token = nextval('health_internal.fencing_tokens'),
                not_before = p_now,
                released_at = p_now,
                step_started_at = NULL,
                execute_until = NULL,
                started_at = (
                    SELECT min(steps.started_at)
                    FROM health.recovery_steps AS steps
                    WHERE steps.action_id = p_action_id AND steps.outcome <> 'released'
                )
            FROM held
            WHERE actions.action_id = held.action_id;
            v_is_due := CASE WHEN FOUND THEN true END;
        WHEN 'succeeded', 'failed', 'refused' THEN
            -- Without a token it would be the engine's own word.
            IF p_fencing_token IS NOT NULL THEN
                v_is_due := health_internal.end_steps(
                    p_now, ARRAY[p_action_id], p_outcome,
                    health_internal.failure_reason(p_outcome, v_details), v_details, false,
                    p_fencing_token
                );
            END IF;
        ELSE
            RAISE EXCEPTION 'outcome "%" of a recovery is not known', coalesce(p_outcome, 'NULL')
                USING ERRCODE = 'RC001',
                    HINT = 'Report executing, succeeded, failed, refused or released.';
    END CASE;
    -- Unless only heartbeats are awaited there is something to do now. A NOTIFY would make those who
    -- report at once commit one after the other.
    IF v_is_due THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    RETURN v_is_due IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz) IS
'Reports what became of a claimed recovery''s step: executing (it begins), succeeded (the next step or '
'the verification follows), failed (details.reason or details.exit_code say why; the next step, or the '
'next attempt), refused (not configured; the next step, else a person) or released (handed back before '
'anything was done: pending again at once, counted nowhere). Returns false, and changes nothing, where '
'the fencing token is no longer the action''s: the lease was lost. Raises RC001 for another outcome.';

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

GRANT EXECUTE ON FUNCTION health.claim_recovery_actions(text, integer, text [], timestamptz),
health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz),
health.renew_lease(text, bigint, bigint, timestamptz) TO health_bridge;

COMMIT;
