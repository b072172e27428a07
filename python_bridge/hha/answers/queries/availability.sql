SELECT format(
    '%%s: %%s %%%% of %%s days, down for %%s s.', a.agent_id,
    round(a.availability_percent::numeric, 3), a.period_days,
    round(a.down_seconds::numeric)
) AS line
FROM health.availability AS a
WHERE a.availability_percent IS NOT NULL
    AND (%(agent_id)s::text IS NULL OR a.agent_id = %(agent_id)s)
ORDER BY a.period_days, a.availability_percent
LIMIT 20
