BEGIN;

SELECT
    policy_class,
    issue_type,
    step,
    action,
    parameters,
    timeout_seconds,
    changed_at,
    changed_by
FROM health.recovery_strategies
WHERE false;

ROLLBACK;
