SELECT format(
    '%%s: %%s %%s.', k.title, trim_scale(round(k.value::numeric, 2)), k.unit
) AS line
FROM health.kpis AS k
WHERE k.value IS NOT NULL
