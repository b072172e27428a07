BEGIN;

SELECT
    action_id,
    agent_id,
    issue_type,
    action,
    state,
    attempt,
    requested_by,
    incident_id,
    transition_id,
    parameters,
    strategy,
    step,
    created_at,
    not_before,
    hold,
    hold_reason,
    released_at,
    approved_at,
    approved_by,
    claimed_by,
    claimed_at,
    fencing_token,
    lease_until,
    started_at,
    step_started_at,
    execute_until,
    executed_at,
    verify_until,
    run_before,
    beats_before,
    finished_at,
    settled_at,
    told_at,
    outcome
FROM health.recovery_actions
WHERE false;

SELECT
    recovery_step_id,
    action_id,
    step,
    action,
    parameters,
    worker,
    started_at,
    finished_at,
    outcome,
    reason,
    details
FROM health.recovery_steps
WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.fencing_tokens'::regclass;
    PERFORM 'health.recovery_issue'::regtype;
    PERFORM 'health.recovery_state'::regtype;
    PERFORM 'health.recovery_hold'::regtype;
    PERFORM 'health.step_outcome'::regtype;
END;
$$;

ROLLBACK;
