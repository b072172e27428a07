SELECT format(
    '%%s: score %%s, %%s, %%s%%s.', f.agent_id, round(f.score::numeric, 1), f.status,
    f.liveness, coalesce(', ' || replace(f.issue_type, '_', ' '), '')
) AS line
FROM health.fleet AS f
WHERE f.status IN ('fair', 'poor', 'critical')
ORDER BY f.score
LIMIT 10
