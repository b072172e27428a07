BEGIN;

SELECT
    name_id,
    name
FROM health_internal.series_names
WHERE false;

SELECT
    until_at,
    agent_id,
    name_ids,
    value_counts,
    value_sums,
    square_sums,
    left_out_count
FROM health_internal.series_hours
WHERE false;

SELECT
    until_at,
    agent_id,
    family,
    name,
    event_count,
    last_at
FROM health_internal.event_hours
WHERE false;

SELECT
    told_at,
    agent_id,
    failed_at,
    name
FROM health_internal.past_failures
WHERE false;

SELECT
    is_only_row,
    rolled_from,
    rolled_until
FROM health_internal.feature_hours_state
WHERE false;

ROLLBACK;
