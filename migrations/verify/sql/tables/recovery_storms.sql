BEGIN;

SELECT
    storm_id,
    began_at,
    ended_at,
    troubled_count,
    agent_count,
    counted_at,
    approved_at,
    approved_by
FROM health.recovery_storms
WHERE false;

ROLLBACK;
