SELECT format(
    '%%s agents: %%s alive, %%s late, %%s unresponsive; score of the system %%s of 100.',
    h.agent_count, h.alive_count, h.late_count, h.unresponsive_count,
    coalesce(round(h.system_health_score::numeric, 1)::text, 'not measured')
) AS line
FROM health.system_health AS h
UNION ALL
SELECT format(
    '%%s excellent, %%s good, %%s fair, %%s poor, %%s critical.',
    h.excellent_count, h.good_count, h.fair_count, h.poor_count, h.critical_count
)
FROM health.system_health AS h
UNION ALL
SELECT format(
    '%%s alerts are open, %%s recoveries wait or run.',
    h.open_alert_count, h.recovery_backlog_count
)
FROM health.system_health AS h
