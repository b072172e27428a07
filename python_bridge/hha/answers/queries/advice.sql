SELECT format(
    '%%s: %%s, since %%s.', coalesce(r.agent_id, 'all'), r.summary, r.reason
) AS line
FROM health.recommendations AS r
WHERE r.closed_at IS NULL AND r.dismissed_at IS NULL
    AND (%(agent_id)s::text IS NULL OR r.agent_id = %(agent_id)s)
ORDER BY r.priority, r.created_at
LIMIT 10
