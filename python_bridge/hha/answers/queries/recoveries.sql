SELECT format(
    '%%s: %%s of %%s for %%s, attempt %%s.',
    to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'),
    r.state, r.agent_id, replace(r.issue_type, '_', ' '), r.attempt
) AS line
FROM health.recovery_history AS r
WHERE %(agent_id)s::text IS NULL OR r.agent_id = %(agent_id)s
ORDER BY r.created_at DESC
LIMIT 10
