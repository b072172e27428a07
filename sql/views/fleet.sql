-- What people look at first: agents, alerts, recoveries, the engine.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.fleet AS
SELECT
    agents.agent_id,
    agents.agent_name,
    status.state,
    status.status,
    status.error_count,
    status.last_heartbeat_at,
    status.judged_at,
    agents.agent_type,
    agents.policy_class,
    status.issue_type,
    CASE
        WHEN maintained.agent_id IS NOT NULL THEN 'in_maintenance'
        ELSE coalesce(status.liveness, 'never_seen')
    END AS liveness,
    round(status.score::numeric, 2) AS score,
    round(status.heartbeat_consistency::numeric, 2) AS heartbeat_consistency,
    round(status.performance_metrics::numeric, 2) AS performance_metrics,
    round(status.error_rate::numeric, 2) AS error_rate,
    round(status.resource_efficiency::numeric, 2) AS resource_efficiency,
    round(status.business_impact::numeric, 2) AS business_impact,
    CASE
        WHEN coalesce(status.beat_count < 10, true) OR status.processing_mean_ms IS NULL
            OR coalesce(status.baseline_processing_ms <= 0, true) THEN 'unknown'
        WHEN status.processing_mean_ms > 1.25 * status.baseline_processing_ms THEN 'degrading'
        WHEN status.processing_mean_ms < 0.8 * status.baseline_processing_ms THEN 'improving'
        ELSE 'stable'
    END AS performance_trend,
    (
        SELECT count(*)
        FROM health.alerts
        WHERE alerts.agent_id = agents.agent_id AND alerts.resolved_at IS NULL
    ) AS open_alert_count,
    array_remove(ARRAY[
        CASE
            WHEN status.liveness = 'unresponsive' AND maintained.agent_id IS NULL
                THEN 'restart it: silent since ' || status.last_heartbeat_at
        END,
        CASE
            WHEN status.state IN ('error', 'failed')
                THEN 'look at its events: it says ' || status.state
        END,
        CASE
            WHEN status.error_rate < 60 AND status.state NOT IN ('error', 'failed')
                THEN 'look at its errors: they cost '
                    || round((100 - status.error_rate)::numeric) || ' of 100 points'
        END,
        CASE
            WHEN status.performance_metrics < 60
                THEN 'look at its processing time against its objective or baseline'
        END,
        CASE
            WHEN status.resource_efficiency < 60
                THEN 'give it more memory or CPU, or find what takes them'
        END
    ], NULL) || (
        SELECT array_agg(advice.summary ORDER BY advice.priority, advice.recommendation_id)
        FROM health.recommendations AS advice
        WHERE advice.agent_id = agents.agent_id
            AND advice.closed_at IS NULL
            AND advice.dismissed_at IS NULL
    ) AS recommendations,
    coalesce(status.liveness, 'never_seen') AS observed_liveness,
    maintained.until_at AS maintenance_until
FROM health.agents
LEFT JOIN health.agent_status AS status ON agents.agent_id = status.agent_id
LEFT JOIN (
    SELECT
        periods.agent_id,
        max(periods.until_at) AS until_at
    FROM health.maintenance_periods AS periods
    WHERE periods.ended_at IS NULL
    GROUP BY periods.agent_id
) AS maintained ON agents.agent_id = maintained.agent_id;

COMMENT ON VIEW health.fleet IS
'One row per agent as judged last; stable: columns may be added, never removed or retyped within a '
'major version.';


CREATE VIEW health.agent_timeline AS
SELECT
    transitions.agent_id,
    transitions.occurred_at,
    'transition' AS kind,
    concat_ws(
        ', ',
        CASE
            WHEN transitions.old_liveness IS DISTINCT FROM transitions.new_liveness
                THEN concat_ws(' → ', transitions.old_liveness, transitions.new_liveness)
        END,
        CASE
            WHEN transitions.old_status IS DISTINCT FROM transitions.new_status
                THEN concat_ws(' → ', transitions.old_status, transitions.new_status)
        END,
        transitions.issue_type
    ) AS what,
    round(transitions.new_score::numeric, 2) AS score
FROM health.status_transitions AS transitions
UNION ALL
SELECT alerts.agent_id, alerts.opened_at, 'alert', alerts.severity || ': ' || alerts.summary, NULL
FROM health.alerts
UNION ALL
SELECT
    alerts.agent_id, alerts.resolved_at, 'alert', 'resolved: ' || alerts.summary, NULL
FROM health.alerts
WHERE alerts.resolved_at IS NOT NULL
UNION ALL
SELECT actions.agent_id, moments.occurred_at, 'recovery', moments.what, NULL
FROM health.recovery_actions AS actions
CROSS JOIN LATERAL (
    VALUES
    (
        actions.created_at,
        actions.action || ' queued for ' || actions.issue_type || CASE
            WHEN actions.requested_by <> 'engine' THEN ' by ' || actions.requested_by
            ELSE ''
        END
    ),
    (actions.approved_at, actions.action || ' approved by ' || actions.approved_by),
    (
        actions.finished_at,
        actions.action || ' ' || concat_ws(': ', actions.state, CASE
            WHEN actions.state <> 'succeeded' THEN actions.outcome ->> 'reason'
        END)
    )
) AS moments (occurred_at, what)
WHERE moments.occurred_at IS NOT NULL
UNION ALL
SELECT
    actions.agent_id, moments.occurred_at, 'recovery', moments.what, NULL
FROM health.recovery_steps AS steps
INNER JOIN health.recovery_actions AS actions ON steps.action_id = actions.action_id
CROSS JOIN LATERAL (
    VALUES
    (
        CASE
            WHEN steps.action <> 'verify' AND steps.finished_at IS DISTINCT FROM steps.started_at
                THEN steps.started_at
        END,
        steps.action || ' begun by ' || steps.worker
    ),
    -- That it was verified is what "succeeded" says.
    (
        CASE
            WHEN steps.action <> 'verify' OR steps.outcome <> 'succeeded' THEN steps.finished_at
        END,
        health_internal.step_text(
            steps.action, steps.parameters, steps.outcome, steps.reason, steps.details,
            steps.started_at, steps.finished_at
        ) || CASE
            WHEN steps.finished_at = steps.started_at THEN ' by ' || steps.worker
            WHEN steps.outcome = 'succeeded' THEN ' done'
            ELSE ''
        END
    )
) AS moments (occurred_at, what)
WHERE moments.occurred_at IS NOT NULL
UNION ALL
SELECT
    episodes.agent_id, episodes.started_at, 'anomaly',
    CASE
        WHEN episodes.metric_name IS NULL THEN episodes.reason
        ELSE health_internal.episode_text(episodes) || ': ' || episodes.reason
    END,
    NULL
FROM health.anomalies AS episodes;
COMMENT ON VIEW health.agent_timeline IS
'One row per thing that happened to an agent: transitions, alerts, steps of recoveries, anomalies; stable '
'within a major version.';

CREATE VIEW health.recent_heartbeats AS
SELECT
    beats.agent_id, beats.state, beats.sent_at, beats.received_at, beats.work_items_processed,
    beats.average_processing_time_ms, beats.cpu_usage_percent, beats.memory_usage_mb,
    beats.memory_limit_mb, beats.error_count, beats.cost_efficiency, beats.user_satisfaction,
    beats.operational_efficiency, beats.revenue_impact_usd, beats.signal, beats.run_id,
    beats.attributes
FROM health.agent_heartbeats AS beats
WHERE beats.received_at > now() - interval '1 hour'
UNION ALL
SELECT
    beats.agent_id, beats.state, beats.sent_at, beats.received_at, beats.work_items_processed,
    beats.average_processing_time_ms, beats.cpu_usage_percent, beats.memory_usage_mb,
    beats.memory_limit_mb, beats.error_count, beats.cost_efficiency, beats.user_satisfaction,
    beats.operational_efficiency, beats.revenue_impact_usd, beats.signal, beats.run_id,
    beats.attributes
FROM health.ingest_heartbeats AS beats
WHERE beats.received_at > now() - interval '1 hour';
COMMENT ON VIEW health.recent_heartbeats IS
'One row per heartbeat of the last hour, from agents and gateways; stable within a major version.';

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
        WHERE actions.state = 'pending' AND actions.released_at IS NOT NULL
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

-- A column that a view hands on means what it means in its table.
DO $$
DECLARE
    v_column record;
BEGIN
    FOR v_column IN
        SELECT DISTINCT ON (of_view.attrelid, of_view.attnum)
            of_view.attrelid::regclass AS view_name,
            of_view.attname AS column_name,
            col_description(of_table.attrelid, of_table.attnum) AS description
        FROM (
            VALUES
            (1, 'health.fleet', 'health.agent_status'),
            (2, 'health.fleet', 'health.agents'),
            (1, 'health.recent_heartbeats', 'health.agent_heartbeats'),
            (1, 'health.engine_health', 'health_internal.engine')
        ) AS sources (place, view_name, table_name)
        INNER JOIN pg_attribute AS of_view
            ON of_view.attrelid = sources.view_name::regclass AND of_view.attnum > 0
        INNER JOIN pg_attribute AS of_table
            ON of_table.attrelid = sources.table_name::regclass
            AND of_table.attname = of_view.attname
        ORDER BY of_view.attrelid, of_view.attnum, sources.place
    LOOP
        EXECUTE format(
            'COMMENT ON COLUMN %s.%I IS %L',
            v_column.view_name, v_column.column_name, v_column.description
        );
    END LOOP;
END;
$$;

COMMENT ON COLUMN health.fleet.liveness IS
'never_seen, starting, alive, late, unresponsive, stopped or in_maintenance.';
COMMENT ON COLUMN health.fleet.observed_liveness IS
'What its heartbeats say, also during maintenance; else the same.';
COMMENT ON COLUMN health.fleet.maintenance_until IS
'Until when it is in maintenance, as announced; NULL: it is not.';
COMMENT ON COLUMN health.fleet.score IS 'Overall score, gated, 0..100, rounded to 2 digits.';
COMMENT ON COLUMN health.fleet.performance_trend IS
'improving, stable or degrading: the processing time of the last minutes against its learnt baseline; '
'unknown without one.';
COMMENT ON COLUMN health.fleet.open_alert_count IS 'How many of its alerts are open.';
COMMENT ON COLUMN health.fleet.recommendations IS
'What a person could do, in sentences: at once, then what health.recommendations holds of the agent, the most '
'urgent first; empty: nothing.';
COMMENT ON COLUMN health.agent_timeline.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.agent_timeline.occurred_at IS 'When it happened.';
COMMENT ON COLUMN health.agent_timeline.kind IS 'transition, alert, recovery or anomaly.';
COMMENT ON COLUMN health.agent_timeline.what IS 'What happened, in words.';
COMMENT ON COLUMN health.agent_timeline.score IS 'Score after a transition, 0..100; else NULL.';
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

GRANT SELECT ON health.fleet, health.agent_timeline,
health.recent_heartbeats, health.engine_health, health.system_health
TO health_analyst, health_bridge;

COMMIT;
