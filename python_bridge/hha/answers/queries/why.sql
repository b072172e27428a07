SELECT CASE
    WHEN e.component = 'gate' THEN format(
        'The gate takes away %%s points: it is %%s and calls itself %%s.',
        -round(e.contribution::numeric, 1),
        e.raw_inputs ->> 'liveness', e.raw_inputs ->> 'state'
    )
    WHEN e.value IS NULL THEN format(
        '%%s: %%s.', replace(e.component, '_', ' '), e.raw_inputs ->> 'note'
    )
    ELSE format(
        '%%s: %%s of 100, %%s points of the score.', replace(e.component, '_', ' '),
        round(e.value::numeric, 1), round(e.contribution::numeric, 1)
    )
END AS line
FROM health.explain(%(agent_id)s) AS e
WHERE e.weight > 0 OR (e.component = 'gate' AND e.contribution < 0)
ORDER BY e.value NULLS LAST
