-- The monitor itself and the fleet as a whole, in a row each.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.oldest_snapshot(
    OUT pid integer,
    OUT snapshot_age integer
)
RETURNS SETOF record
LANGUAGE sql
STABLE
ROWS 1
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        activity.pid,
        age(activity.backend_xmin)
    FROM pg_stat_activity AS activity
    WHERE activity.backend_xmin IS NOT NULL
        AND activity.pid <> pg_backend_pid()
        AND (activity.datname = current_database() OR activity.datname IS NULL)
        AND coalesce(activity.xact_start, activity.backend_start)
        < clock_timestamp() - interval '1 minute'
    ORDER BY age(activity.backend_xmin) DESC
    LIMIT 1;
$$;
COMMENT ON FUNCTION health_internal.oldest_snapshot() IS
'The session with the oldest snapshot, if it has held one for more than a minute, and its age in '
'transactions. Runs as the owner: logins see only their own sessions.';
GRANT EXECUTE ON FUNCTION health_internal.oldest_snapshot() TO health_analyst, health_bridge;

CREATE VIEW health.engine_health AS
SELECT
    engine.tick_id,
    engine.last_tick_at,
    engine.last_now,
    engine.last_tick_ms,
    engine.last_act_ms,
    engine.last_error,
    engine.last_error_at,
    engine.judged_total,
    engine.folded_total,
    engine.skipped_series_total,
    date_part('epoch', settings.tick_period) AS tick_period_seconds,
    date_part('epoch', clock_timestamp() - engine.last_tick_at) AS seconds_since_tick,
    health.seconds_until_tick() <= 0 AS is_tick_due,
    CASE
        WHEN health_internal.has_cron_ticked(clock_timestamp()) THEN 'pg_cron'
        WHEN clock_timestamp() - engine.last_tick_at
            <= greatest(interval '10 seconds', 3 * settings.tick_period) THEN 'bridge'
        ELSE 'none'
    END AS scheduler,
    (
        SELECT count(*)
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.claimed_by IS NULL
            AND actions.released_at IS NOT NULL
    ) AS pending_recovery_count,
    (
        SELECT count(*)
        FROM health.deliveries
        WHERE deliveries.state IN ('pending', 'claimed')
    ) AS pending_delivery_count,
    (
        SELECT date_part('epoch', clock_timestamp() - min(deliveries.created_at))
        FROM health.deliveries
        WHERE deliveries.state IN ('pending', 'claimed')
    ) AS oldest_pending_delivery_seconds,
    (
        SELECT count(*)
        FROM health.agent_sessions AS sessions
        WHERE sessions.lost_at IS NULL
    ) AS attached_session_count,
    holder.pid AS snapshot_holder_pid,
    holder.snapshot_age AS snapshot_holder_age,
    (SELECT max(gaps.settled_at) FROM health.monitor_gaps AS gaps) AS last_gap_settled_at,
    (SELECT count(*) FROM health_internal.series WHERE series.is_watched) AS watched_series_count,
    (SELECT count(*) FROM health_internal.series_minutes) AS waiting_minute_count,
    CASE
        WHEN watch.stepped_until > '-infinity' THEN greatest(0, date_part('epoch', date_bin(
            interval '1 minute', engine.last_now - interval '5 seconds', '2000-01-01 00:00:00+00'
        ) - watch.stepped_until))
    END AS series_lag_seconds,
    watch.last_phase_ms AS last_series_ms,
    watch.skipped_total AS skipped_minutes_total,
    watch.last_error AS last_series_error,
    watch.last_error_at AS last_series_error_at
-- One row each, whatever is thought of tables without statistics: else millions are planned for, and
-- compiled, which takes a second.
FROM (SELECT known.* FROM health_internal.engine AS known LIMIT 1) AS engine
CROSS JOIN (SELECT chosen.* FROM health.settings AS chosen LIMIT 1) AS settings
CROSS JOIN (SELECT cursor.* FROM health_internal.series_cursor AS cursor LIMIT 1) AS watch
LEFT JOIN LATERAL health_internal.oldest_snapshot() AS holder ON true;
COMMENT ON VIEW health.engine_health IS
'One row: how the monitor itself is; stable within a major version. snapshot_holder_pid: the session '
'whose old snapshot keeps updates of agent_status from staying small.';

CREATE VIEW health.system_health AS
SELECT
    count(*) AS agent_count,
    count(*) FILTER (WHERE fleet.liveness = 'alive') AS alive_count,
    count(*) FILTER (WHERE fleet.liveness = 'late') AS late_count,
    count(*) FILTER (WHERE fleet.liveness = 'unresponsive') AS unresponsive_count,
    count(*) FILTER (WHERE fleet.status = 'excellent') AS excellent_count,
    count(*) FILTER (WHERE fleet.status = 'good') AS good_count,
    count(*) FILTER (WHERE fleet.status = 'fair') AS fair_count,
    count(*) FILTER (WHERE fleet.status = 'poor') AS poor_count,
    count(*) FILTER (WHERE fleet.status = 'critical') AS critical_count,
    round(avg(fleet.score) FILTER (
        WHERE fleet.liveness NOT IN ('never_seen', 'stopped', 'in_maintenance')
    ), 2) AS system_health_score,
    (SELECT count(*) FROM health.open_alerts) AS open_alert_count,
    (SELECT count(*) FROM health.recovery_backlog) AS recovery_backlog_count,
    count(*) FILTER (WHERE fleet.liveness = 'in_maintenance') AS in_maintenance_count
FROM health.fleet;
COMMENT ON VIEW health.system_health IS
'One row: the whole fleet in numbers; system_health_score is the mean score of agents at work, 0..100; '
'stable within a major version.';

COMMENT ON COLUMN health.engine_health.tick_period_seconds IS 'How often the engine should tick, seconds.';
COMMENT ON COLUMN health.engine_health.seconds_since_tick IS
'Time since the last tick began, seconds; NULL before the first.';
COMMENT ON COLUMN health.engine_health.is_tick_due IS
'Whether a bridge should tick: health.seconds_until_tick says so.';
COMMENT ON COLUMN health.engine_health.scheduler IS
'Who ticks: pg_cron (it did within 10 s or three periods), bridge (somebody else did) or none.';
COMMENT ON COLUMN health.engine_health.pending_recovery_count IS 'Recoveries that wait for a bridge.';
COMMENT ON COLUMN health.engine_health.pending_delivery_count IS 'Messages not yet delivered.';
COMMENT ON COLUMN health.engine_health.oldest_pending_delivery_seconds IS
'Age of the oldest of them, seconds; NULL: none.';
COMMENT ON COLUMN health.engine_health.attached_session_count IS 'Agents attached by a session.';
COMMENT ON COLUMN health.engine_health.snapshot_holder_pid IS
'Session with the oldest snapshot, held for more than a minute; NULL: none.';
COMMENT ON COLUMN health.engine_health.snapshot_holder_age IS 'Age of that snapshot, transactions.';
COMMENT ON COLUMN health.engine_health.last_gap_settled_at IS
'Until when agents may take to come back after the monitor''s latest gap; NULL: there was none.';
COMMENT ON COLUMN health.engine_health.watched_series_count IS 'Series watched for anomalies.';
COMMENT ON COLUMN health.engine_health.waiting_minute_count IS
'Minutes of series that wait to be over and judged.';
COMMENT ON COLUMN health.engine_health.series_lag_seconds IS
'By how much the watch over series is behind the minutes that are over, seconds; NULL before the first.';
COMMENT ON COLUMN health.engine_health.last_series_ms IS
'How long the watch over series took when it last had work, milliseconds.';
COMMENT ON COLUMN health.engine_health.skipped_minutes_total IS
'Minutes of series that were given up because they had waited longer than settings.history_after.';
COMMENT ON COLUMN health.engine_health.last_series_error IS
'What the failing watch over series said, NULL after a good one.';
COMMENT ON COLUMN health.engine_health.last_series_error_at IS 'When it failed.';
CALL health_internal.hand_on_comments('health.engine_health', 'health_internal.engine');
COMMENT ON COLUMN health.system_health.agent_count IS 'Agents known.';
COMMENT ON COLUMN health.system_health.alive_count IS 'Agents that are alive.';
COMMENT ON COLUMN health.system_health.late_count IS 'Agents that are late.';
COMMENT ON COLUMN health.system_health.unresponsive_count IS 'Agents that do not answer.';
COMMENT ON COLUMN health.system_health.excellent_count IS 'Agents of status excellent.';
COMMENT ON COLUMN health.system_health.good_count IS 'Agents of status good.';
COMMENT ON COLUMN health.system_health.fair_count IS 'Agents of status fair.';
COMMENT ON COLUMN health.system_health.poor_count IS 'Agents of status poor.';
COMMENT ON COLUMN health.system_health.critical_count IS 'Agents of status critical.';
COMMENT ON COLUMN health.system_health.system_health_score IS
'Mean score of agents at work, 0..100; NULL: none.';
COMMENT ON COLUMN health.system_health.open_alert_count IS 'Alerts that are open.';
COMMENT ON COLUMN health.system_health.in_maintenance_count IS 'Agents in maintenance.';
COMMENT ON COLUMN health.system_health.recovery_backlog_count IS 'Recoveries under way.';

GRANT SELECT ON health.engine_health, health.system_health TO health_analyst, health_bridge;

COMMIT;
