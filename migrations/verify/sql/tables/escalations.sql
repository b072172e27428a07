BEGIN;

SELECT
    escalation_policy,
    matchers,
    is_enabled
FROM health.escalation_policies
WHERE false;

SELECT
    escalation_policy,
    step,
    channel,
    delay,
    minimum_severity,
    repeat_count,
    repeat_interval
FROM health.escalation_steps
WHERE false;

ROLLBACK;
