SELECT format(
    '%%s: %%s%%s.', to_char(t.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI UTC'),
    t.explanation, coalesce(' (' || t.channel || ')', '')
) AS line
FROM health.explain_silence(%(agent_id)s, clock_timestamp() - interval '7 days') AS t
ORDER BY t.occurred_at DESC
LIMIT 20
