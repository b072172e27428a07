SELECT format(
    '%%s, %%s since %%s: %%s.', a.agent_id, coalesce(a.metric_name, 'several metrics'),
    to_char(a.started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'), a.reason
) AS line
FROM health.anomalies AS a
WHERE a.ended_at IS NULL AND (%(agent_id)s::text IS NULL OR a.agent_id = %(agent_id)s)
ORDER BY a.peak_score DESC
LIMIT 10
