BEGIN;

SELECT
    child_id,
    parent_id,
    redundancy_group
FROM health.dependencies
WHERE false;

ROLLBACK;
