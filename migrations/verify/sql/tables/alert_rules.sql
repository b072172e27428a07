BEGIN;

SELECT
    rule,
    severity,
    summary,
    is_builtin,
    is_enabled,
    message_order,
    view_schema,
    view_name,
    period,
    row_limit,
    created_by,
    created_at,
    next_evaluation_at,
    last_evaluated_at,
    last_duration_ms,
    last_row_count,
    last_note,
    last_error,
    last_error_at,
    evaluation_id,
    evaluating_since,
    evaluating_pid,
    unfinished_count,
    removed_at
FROM health.alert_rules
WHERE false;

ROLLBACK;
