BEGIN;

SELECT
    window_id,
    window_name,
    policy_class,
    starts_at,
    ends_at,
    weekdays,
    local_time,
    lasts,
    time_zone,
    created_at,
    created_by,
    ended_at,
    ended_by
FROM health.freeze_windows
WHERE false;

ROLLBACK;
