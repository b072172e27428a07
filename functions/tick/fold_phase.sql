-- The first phase of a tick: whose turn it is, what arrived since the last one, fold and judge.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.beat_as_engine(
    p_now timestamptz,
    p_engine health_internal.engine
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO health.agent_heartbeats (
        agent_id, received_at, work_items_processed, average_processing_time_ms
    )
    VALUES ('heartbeat_health_agent', p_now, p_engine.judged_total, p_engine.last_tick_ms);
    INSERT INTO health.performance_metrics (
        agent_id, metric_name, metric_value, unit, received_at
    )
    SELECT 'heartbeat_health_agent', own.metric_name, own.metric_value, own.unit, p_now
    FROM (
        VALUES
        ('health_checks_performed', p_engine.judged_total::float8, 'count'),
        (
            'system_health_score',
            (SELECT avg(status.score) FROM health.agent_status AS status
                WHERE status.liveness NOT IN ('never_seen', 'stopped')),
            'score'
        )
    ) AS own (metric_name, metric_value, unit)
    WHERE own.metric_value IS NOT NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.beat_as_engine(timestamptz, health_internal.engine) IS
'The engine beats and logs metrics like any agent, as heartbeat_health_agent.';

CREATE OR REPLACE FUNCTION health_internal.fold_phase(
    p_now timestamptz,
    p_is_replay boolean,
    OUT tick_id bigint,
    OUT folded_rows bigint,
    OUT agents_judged bigint,
    OUT is_busy boolean,
    OUT judged_until timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
    v_engine health_internal.engine;
    v_settings health.settings;
    v_system bigint;
    v_server_started timestamptz;
    v_has_restarted boolean;
    v_own xid8;
    v_range health_internal.arrival_range;
    v_beats record;
    v_metrics record;
BEGIN
    is_busy := false;
    folded_rows := 0;
    agents_judged := 0;
    IF p_now IS NULL OR p_now IN ('infinity', '-infinity') THEN
        RAISE EXCEPTION 'p_now must be a finite time'
            USING ERRCODE = 'EN001',
                HINT = 'Leave p_now out to tick by the clock.';
    END IF;
    SELECT engine.*
    INTO v_engine
    FROM health_internal.engine
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        is_busy := true;
        RETURN;
    END IF;
    SELECT settings.* INTO STRICT v_settings FROM health.settings;
    v_own := pg_current_xact_id();

    -- Whose transaction ids does the cursor speak of?
    SELECT control.system_identifier INTO STRICT v_system FROM pg_control_system() AS control;
    -- Of another cluster's: a dump was restored here, or pg_upgrade moved the files.
    IF v_system <> v_engine.system_identifier THEN
        PERFORM health_internal.adopt_rows(v_engine.folded_until, v_engine.own_xid);
        v_engine.folded_until := '4:4:';
        v_engine.own_xid := NULL;
        v_engine.server_started_at := NULL;
        DELETE FROM health.agent_sessions WHERE agent_sessions.lost_at IS NULL;
    END IF;

    -- Was the monitor itself blind? Time moves forwards only.
    judged_until := greatest(p_now, v_engine.last_now);
    SELECT coalesce(max(activity.backend_start), pg_postmaster_start_time())
    INTO v_server_started
    FROM pg_stat_activity AS activity
    WHERE activity.backend_type = 'checkpointer';
    v_has_restarted := v_engine.server_started_at IS NOT NULL
        AND v_engine.server_started_at <> v_server_started;
    IF NOT p_is_replay THEN
        PERFORM health_internal.note_gap(p_now, v_engine, v_server_started);
    END IF;
    tick_id := v_engine.tick_id + 1;
    v_range.received_from := judged_until - v_settings.history_after;
    v_range.from_xmax := pg_snapshot_xmax(v_engine.folded_until);
    v_range.in_progress := ARRAY(SELECT pg_snapshot_xip(v_engine.folded_until));
    v_range.until := health_internal.snapshot_without(pg_current_snapshot(), v_own);
    v_range.own_xid := v_own;
    v_range.own_from := CASE WHEN v_engine.own_xid = v_own THEN v_engine.own_from ELSE 0 END;
    v_range.last_own_xid := v_engine.own_xid;
    v_range.last_own_from := v_engine.own_from;

    IF v_engine.last_heartbeat_at IS NULL
        OR judged_until - v_engine.last_heartbeat_at >= v_settings.engine_heartbeat_interval THEN
        PERFORM health_internal.beat_as_engine(judged_until, v_engine);
        v_engine.last_heartbeat_at := judged_until;
    END IF;

    UPDATE health_internal.engine
    SET
        tick_id = v_engine.tick_id + 1,
        folded_until = v_range.until,
        own_xid = v_own,
        system_identifier = v_system,
        last_now = judged_until,
        last_tick_at = v_started,
        server_started_at = v_server_started,
        last_heartbeat_at = v_engine.last_heartbeat_at;
    SELECT engine.cmin::text::bigint INTO STRICT v_range.own_until FROM health_internal.engine;

    PERFORM health_internal.refresh_maintenance(judged_until);
    PERFORM health_internal.fold_agent_changes(v_range);
    folded_rows := health_internal.fold_events(judged_until, v_range);
    PERFORM health_internal.fold_signals(judged_until, v_range);
    SELECT metrics.*
    INTO v_metrics
    FROM health_internal.fold_metrics(judged_until, v_range) AS metrics;
    IF NOT p_is_replay THEN
        PERFORM health_internal.watch_sessions(judged_until, v_has_restarted);
        PERFORM health_internal.watch_stuck_sessions(judged_until);
    END IF;
    SELECT beats.*
    INTO v_beats
    FROM health_internal.fold_and_judge(
        judged_until, tick_id, v_range, p_is_replay
    ) AS beats;
    folded_rows := folded_rows + v_metrics.folded_values + v_beats.folded_beats;
    agents_judged := v_beats.judged_agents;
    PERFORM health_internal.watch_jobs(judged_until);
    IF v_beats.unknown_agents > 0 OR v_engine.tick_id % 60 = 0 THEN
        PERFORM health_internal.add_missing_agents();
    END IF;

    UPDATE health_internal.engine
    SET
        own_from = v_range.own_until + 1,
        last_tick_ms = date_part('epoch', clock_timestamp() - v_started) * 1000,
        judged_total = engine.judged_total + agents_judged,
        folded_total = engine.folded_total + folded_rows,
        skipped_series_total = engine.skipped_series_total + v_metrics.skipped_values,
        last_error = NULL,
        last_error_at = NULL;
    -- For those who show it; what is to be done rings health_wakeup.
    IF agents_judged > 0 THEN
        PERFORM pg_notify('health_judged', '');
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_phase(timestamptz, boolean) IS
'First phase of a tick: folds what arrived, judges, and notifies health_judged where it judged any. is_busy: another ticker holds the engine''s '
'row. judged_until: p_now, or the last one where p_now is not after it. Raises EN001 for a p_now that '
'is not finite.';
GRANT EXECUTE ON FUNCTION health_internal.fold_phase(timestamptz, boolean)
TO health_bridge, health_admin;

COMMIT;
