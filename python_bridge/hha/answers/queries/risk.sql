SELECT format(
    '%%s: %%s %%%% within %%s (%%s), threshold %%s %%%%.', r.agent_id,
    round((100 * r.probability)::numeric, 1), r.horizon, r.basis,
    round((100 * r.threshold)::numeric, 1)
) AS line
FROM health.failure_risk AS r
WHERE r.is_at_risk AND (%(agent_id)s::text IS NULL OR r.agent_id = %(agent_id)s)
ORDER BY r.probability DESC
LIMIT 10
