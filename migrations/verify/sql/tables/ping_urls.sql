BEGIN;

SELECT
    ping_id,
    agent_id,
    slug,
    tells_runs,
    created_at,
    created_by,
    revoked_at,
    revoked_by
FROM health.ping_urls
WHERE false;

ROLLBACK;
