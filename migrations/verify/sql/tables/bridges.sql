BEGIN;

SELECT
    worker,
    agent_ids,
    announced_at
FROM health_internal.bridges
WHERE false;

ROLLBACK;
