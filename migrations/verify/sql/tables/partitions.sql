BEGIN;

SELECT
    table_name,
    partition_name,
    from_at,
    until_at,
    is_history,
    rolled_up_at
FROM health_internal.partitions
WHERE false;

ROLLBACK;
