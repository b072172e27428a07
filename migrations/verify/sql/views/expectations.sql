BEGIN;

SELECT
    agent_id,
    liveness,
    basis,
    last_heartbeat_at,
    learnt_interval_seconds,
    late_after_seconds,
    unresponsive_after_seconds,
    late_at,
    unresponsive_at,
    judged_at
FROM health.expectations
WHERE false;

ROLLBACK;
