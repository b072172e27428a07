-- The ladder: what follows when a step has ended. Steps up to a verify belong together: a failure
-- skips the rest of them. The only place where a recovery goes on or ends.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.step_after(
    p_strategy jsonb,
    p_step integer,
    p_is_verification boolean,
    p_outcome text
)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    IF p_outcome = 'succeeded' AND p_is_verification THEN
        RETURN NULL;
    ELSIF p_outcome IN ('succeeded', 'lost') OR p_is_verification THEN
        RETURN p_step + 1;
    END IF;
    RETURN (
        SELECT min(steps.step)::integer + 1
        FROM jsonb_array_elements(p_strategy) WITH ORDINALITY AS steps (item, step)
        WHERE steps.step > p_step AND steps.item ->> 'action' = 'verify'
    );
END;
$$;
COMMENT ON FUNCTION health_internal.step_after(jsonb, integer, boolean, text) IS
'The step that follows one with this outcome: the next one, or after a failure the one behind the '
'next verify; NULL, or beyond the last: none.';

CREATE OR REPLACE FUNCTION health_internal.tell_finished(
    p_now timestamptz,
    p_action_ids bigint []
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    WITH ended AS (
        SELECT actions.*
        FROM health.recovery_actions AS actions
        WHERE actions.action_id = ANY (p_action_ids)
    ),

    recovered AS (
        UPDATE health.incidents
        SET recovered_at = p_now
        FROM ended
        WHERE ended.state = 'succeeded'
            AND incidents.agent_id = ended.agent_id
            AND incidents.resolved_at IS NULL
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent',
        'automated_recovery',
        CASE ended.state WHEN 'succeeded' THEN 'info' ELSE 'warning' END,
        jsonb_strip_nulls(jsonb_build_object(
            'agent_id', ended.agent_id, 'issue_type', ended.issue_type,
            'action_id', ended.action_id, 'success', ended.state = 'succeeded',
            'recovery_seconds', CASE
                WHEN ended.state = 'succeeded' THEN date_part('epoch', p_now - ended.created_at)
            END,
            'reason', CASE WHEN ended.state <> 'succeeded' THEN ended.outcome ->> 'reason' END
        )),
        p_now
    FROM ended;
$$;
COMMENT ON FUNCTION health_internal.tell_finished(timestamptz, bigint []) IS
'Notes of recoveries that have just ended: incidents of those that succeeded as recovered, and an event '
'of each.';

CREATE OR REPLACE FUNCTION health_internal.end_steps(
    p_now timestamptz,
    p_action_ids bigint [],
    p_outcome text,
    p_reason text,
    p_details jsonb DEFAULT '{}',
    p_is_held boolean DEFAULT false,
    p_fencing_token bigint DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
-- Planned once a session: planning took longer than all the rest. It must not be a plan that reads
-- everybody's rows.
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
    v_finished bigint [];
    v_is_due boolean;
BEGIN
    WITH ended AS (
        UPDATE health.recovery_actions AS actions
        SET
            state = following.state,
            step = following.step,
            -- What is done stays readable while it is verified, and afterwards.
            action = CASE
                WHEN following.state = 'pending' THEN following.item ->> 'action'
                ELSE actions.action
            END,
            parameters = CASE
                WHEN following.state = 'pending' THEN coalesce(following.item -> 'parameters', '{}')
                ELSE actions.parameters
            END,
            fencing_token = nextval('health_internal.fencing_tokens'),
            claimed_by = CASE
                WHEN following.state <> 'pending' THEN coalesce(actions.claimed_by, 'engine')
            END,
            started_at = CASE
                WHEN p_outcome = 'refused' THEN actions.started_at
                ELSE coalesce(actions.started_at, p_now)
            END,
            -- A worker that was cut off may act until its lease has run out; nothing begins before.
            not_before = CASE
                WHEN following.state = 'pending'
                    THEN greatest(p_now, CASE WHEN p_is_held THEN actions.lease_until END)
                ELSE actions.not_before
            END,
            lease_until = CASE WHEN p_is_held THEN actions.lease_until END,
            step_started_at = CASE WHEN following.state = 'verifying' THEN p_now END,
            execute_until = NULL,
            executed_at = CASE
                WHEN following.was_verification OR p_outcome = 'refused' THEN actions.executed_at
                ELSE p_now
            END,
            verify_until = CASE
                WHEN following.state = 'verifying'
                    THEN p_now + make_interval(secs => coalesce(
                        (following.item ->> 'timeout_seconds')::float8,
                        -- The start-up grace, and the beats that prove it at the agent's own pace.
                        following.startup_grace_seconds
                        + following.verify_beats * following.interval_seconds
                    ))
                ELSE actions.verify_until
            END,
            run_before = CASE
                WHEN following.state = 'verifying' THEN following.run_started_at
                ELSE actions.run_before
            END,
            beats_before = CASE
                WHEN following.state = 'verifying' THEN following.beat_count
                ELSE actions.beats_before
            END,
            finished_at = CASE
                WHEN following.state IN ('succeeded', 'failed', 'escalated') THEN p_now
            END,
            settled_at = CASE WHEN following.state = 'succeeded' THEN p_now END,
            outcome = actions.outcome || jsonb_strip_nulls(jsonb_build_object(
                'reason', CASE
                    WHEN following.item ->> 'action' = 'escalate' THEN concat_ws(
                        '; ', p_reason, 'its strategy asks a person next'
                    )
                    ELSE p_reason
                END,
                'reported', CASE WHEN NOT following.was_verification THEN p_outcome END,
                'details', nullif(p_details, '{}'),
                'verified_by', CASE WHEN following.state = 'succeeded' THEN 'heartbeats' END
            ))
        FROM (
            SELECT
                climbed.*,
                CASE
                    WHEN climbed.was_verification AND p_outcome = 'succeeded' THEN 'succeeded'
                    WHEN climbed.item ->> 'action' = 'verify' THEN 'verifying'
                    WHEN climbed.item ->> 'action' = 'escalate' THEN 'escalated'
                    WHEN climbed.item IS NOT NULL THEN 'pending'
                    -- Nothing follows: what is not configured will not be at the next attempt.
                    WHEN p_outcome = 'refused' THEN 'escalated'
                    WHEN p_outcome = 'failed' THEN 'failed'
                    ELSE 'verifying'
                END AS state
            FROM (
                SELECT
                    of_now.action_id,
                    of_now.step AS step_before,
                    of_now.action,
                    of_now.parameters,
                    of_now.claimed_by,
                    of_now.step_started_at,
                    of_now.finished_at,
                    of_now.state = 'verifying' AS was_verification,
                    coalesce(after.step, of_now.step) AS step,
                    of_now.strategy -> (after.step - 1) AS item,
                    policies.startup_grace_seconds,
                    policies.verify_beats,
                    status.run_started_at,
                    status.beat_count,
                    coalesce(
                        status.learnt_interval_seconds, policies.default_expected_interval_seconds
                    )
                        AS interval_seconds
                FROM health.recovery_actions AS of_now
                INNER JOIN health.agent_status AS status ON of_now.agent_id = status.agent_id
                -- As current_policies, of which these would be all rows.
                CROSS JOIN LATERAL (
                    SELECT
                        versions.startup_grace_seconds,
                        versions.verify_beats,
                        versions.default_expected_interval_seconds
                    FROM health.policies AS versions
                    WHERE versions.policy_class = status.policy_class
                    ORDER BY versions.version DESC
                    LIMIT 1
                ) AS policies
                CROSS JOIN LATERAL (
                    SELECT health_internal.step_after(
                        of_now.strategy, of_now.step, of_now.state = 'verifying', p_outcome
                    ) AS step
                ) AS after
                WHERE of_now.action_id = ANY (p_action_ids)
                -- So that these rows are found by their numbers, not among all that are open.
                OFFSET 0
            ) AS climbed
            WHERE climbed.finished_at IS NULL
            OFFSET 0
        ) AS following
        WHERE actions.action_id = following.action_id
            AND (
                p_fencing_token IS NULL
                OR (
                    actions.fencing_token = p_fencing_token
                    AND actions.state IN ('claimed', 'executing')
                )
            )
        RETURNING
            actions.action_id, actions.state, following.was_verification, following.step_before,
            following.action, following.parameters, following.claimed_by, following.step_started_at
    ),

    trail AS (
        INSERT INTO health.recovery_steps (
            action_id, step, action, parameters, worker, started_at, finished_at, outcome, reason,
            details
        )
        SELECT
            ended.action_id,
            ended.step_before,
            CASE WHEN ended.was_verification THEN 'verify' ELSE ended.action END,
            CASE WHEN ended.was_verification THEN '{}' ELSE ended.parameters END,
            CASE WHEN ended.was_verification THEN 'engine' ELSE coalesce(ended.claimed_by, 'engine') END,
            -- A report that skips 'executing' begins and ends the step at once.
            coalesce(ended.step_started_at, p_now),
            p_now,
            p_outcome,
            p_reason,
            p_details
        FROM ended
        -- Before the first of a strategy that begins with watching there was none.
        WHERE ended.step_before > 0
    )

    SELECT
        array_agg(ended.action_id) FILTER (
            WHERE ended.state IN ('succeeded', 'failed', 'escalated')
        ),
        bool_or(ended.state <> 'verifying')
    INTO v_finished, v_is_due
    FROM ended;
    IF v_finished IS NOT NULL THEN
        PERFORM health_internal.tell_finished(p_now, v_finished);
    END IF;
    RETURN v_is_due;
END;
$$;
COMMENT ON FUNCTION health_internal.end_steps(
    timestamptz, bigint [], text, text, jsonb, boolean, bigint
) IS
'Ends the present steps of these recoveries with one outcome (succeeded, failed, refused, lost) and '
'moves each on: to its next step, to verification, or to its end, which becomes an event. p_is_held: a '
'worker may be at it until its lease ends. p_fencing_token: only where a worker holds it under this token; '
'without it the caller has locked the rows. Returns whether there is something to do now, other than to wait '
'for heartbeats; NULL: none was moved.';

COMMIT;
