BEGIN;

SELECT
    child_id,
    parent_id,
    redundancy_group,
    minimum_alive_count
FROM health.dependencies
WHERE false;

ROLLBACK;
