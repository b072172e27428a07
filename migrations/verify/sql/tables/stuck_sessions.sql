BEGIN;

SELECT
    pid,
    backend_start,
    agent_id,
    login_name,
    problem,
    stuck_since,
    waiting_count,
    found_at
FROM health.stuck_sessions
WHERE false;

ROLLBACK;
