SELECT format(
    '%%s is %%s; last heartbeat %%s.', f.agent_id, f.liveness,
    coalesce(
        to_char(f.last_heartbeat_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'),
        'never'
    )
) AS line
FROM health.fleet AS f
WHERE f.liveness IN ('late', 'unresponsive')
ORDER BY f.last_heartbeat_at NULLS FIRST
LIMIT 20
