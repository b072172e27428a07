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
    created_at,
    not_before,
    claimed_by,
    claimed_at,
    fencing_token,
    lease_until,
    started_at,
    executed_at,
    verify_until,
    finished_at,
    outcome
FROM health.recovery_actions
WHERE false;

DO $$
BEGIN
    PERFORM 'health_internal.fencing_tokens'::regclass;
END;
$$;

ROLLBACK;
