SELECT format(
    '%%s is %%s with a score of %%s, %%s; it calls itself %%s and last beat at %%s.',
    f.agent_id, f.status, round(f.score::numeric, 1), f.liveness, f.state,
    coalesce(
        to_char(f.last_heartbeat_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
        'no time'
    )
) AS line
FROM health.fleet AS f
WHERE f.agent_id = %(agent_id)s
UNION ALL
SELECT format('Open alert %%s (%%s): %%s.', a.alert_id, a.severity, a.summary)
FROM health.open_alerts AS a
WHERE a.agent_id = %(agent_id)s
