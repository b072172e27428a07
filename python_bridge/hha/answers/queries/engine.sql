SELECT format(
    'Tick %%s, %%s s ago, took %%s ms; ticked by %%s;'
    ' %%s messages and %%s recoveries wait.',
    e.tick_id, round(e.seconds_since_tick::numeric, 1),
    round((e.last_tick_ms + coalesce(e.last_act_ms, 0))::numeric),
    e.scheduler, e.pending_delivery_count, e.pending_recovery_count
) AS line
FROM health.engine_health AS e
WHERE e.last_tick_at IS NOT NULL
UNION ALL
SELECT format('Last error of the engine: %%s.', e.last_error)
FROM health.engine_health AS e
WHERE e.last_error IS NOT NULL
