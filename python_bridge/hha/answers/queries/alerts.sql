SELECT format(
    'Alert %%s, %%s, since %%s: %%s%%s.', a.alert_id, a.severity,
    to_char(a.opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'), a.summary,
    coalesce(', acknowledged by ' || a.acknowledged_by, '')
) AS line
FROM health.open_alerts AS a
WHERE %(agent_id)s::text IS NULL OR a.agent_id = %(agent_id)s
ORDER BY
    array_position(ARRAY['emergency', 'critical', 'warning', 'info'], a.severity::text),
    a.opened_at
LIMIT 20
