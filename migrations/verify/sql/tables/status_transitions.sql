BEGIN;

SELECT
    transition_id,
    agent_id,
    occurred_at,
    old_status,
    new_status,
    old_liveness,
    new_liveness,
    old_score,
    new_score,
    old_issue_type,
    issue_type,
    last_heartbeat_at,
    policy_id,
    tick_id
FROM health.status_transitions
WHERE false;

ROLLBACK;
