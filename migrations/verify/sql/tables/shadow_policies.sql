BEGIN;

SELECT
    shadow_policy_id,
    shadow_policy,
    policy,
    note,
    created_by,
    created_at,
    ended_by,
    ended_at
FROM health.shadow_policies
WHERE false;
SELECT
    shadow_policy_id,
    agent_id,
    evaluated_at,
    seen_judged_at,
    liveness,
    status,
    score,
    ungated_score,
    bad_evaluations,
    issue_candidate,
    issue_evaluations,
    issue_type,
    active_conditions, loss_evaluations
FROM health_internal.shadow_states
WHERE false;
SELECT
    judgement_id,
    shadow_policy_id,
    agent_id,
    occurred_at,
    kind,
    rule,
    old_status,
    new_status,
    old_liveness,
    new_liveness,
    issue_type,
    score,
    live_score,
    live_status
FROM health.shadow_judgements
WHERE false;

ROLLBACK;
