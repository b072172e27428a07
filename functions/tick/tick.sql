-- The tick: fold, judge, act, ring. One ticker at a time: whoever holds the engine's row.
-- tick() is one transaction, for people, tests and replay; run_tick() is the scheduler's and commits
-- between the phases, so that a failing act never undoes a fold.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.adopt_rows(p_stored pg_snapshot, p_stored_own xid8)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_table record;
    v_written_by xid;
    v_count bigint;
    v_total bigint := 0;
BEGIN
    SELECT engine.xmin
    INTO STRICT v_written_by
    FROM health_internal.engine;
    -- One statement per table: the tables differ.
    FOR v_table IN
        SELECT
            pg_namespace.nspname AS schema_name,
            pg_class.relname AS table_name
        FROM pg_class
        INNER JOIN pg_namespace ON pg_class.relnamespace = pg_namespace.oid
        WHERE pg_class.oid = ANY (ARRAY[
            'health.agent_heartbeats', 'health.ingest_heartbeats', 'health.performance_metrics',
            'health.system_events', 'health_internal.agent_changes'
        ]::regclass [])
    LOOP
        EXECUTE format(
            $sql$
            UPDATE %I.%I
            SET txid = CASE
                WHEN pg_visible_in_snapshot(txid, $1) OR txid = $2 THEN '3'::xid8
                ELSE pg_current_xact_id()
            END
            -- A row of this cluster is younger than the engine's, and its txid is its system xmin,
            -- or, if a subtransaction wrote it, a little older. A restored row's xmin may equal its
            -- txid by chance, therefore both are asked.
            WHERE NOT (
                age(xmin) < age($3)
                AND age((txid::text::bigint %% 4294967296)::text::xid) BETWEEN age(xmin) AND age($3)
            )
            $sql$,
            v_table.schema_name, v_table.table_name
        )
        USING p_stored, p_stored_own, v_written_by;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_total := v_total + v_count;
    END LOOP;
    RETURN v_total;
END;
$$;
COMMENT ON FUNCTION health_internal.adopt_rows(pg_snapshot, xid8) IS
'After a dump was restored into another cluster, or pg_upgrade: rows older than the engine''s last '
'write, and rows whose system xmin does not belong to their txid, came from elsewhere; those not '
'visible in the stored snapshot are given this transaction''s txid, so that this tick folds them, the '
'others the txid 3, which no later tick reads. Returns how many.';

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
    v_own_from bigint := 0;
    v_own_until bigint;
    v_until pg_snapshot;
    v_from_xmax xid8;
    v_in_progress xid8 [];
    v_blind_until timestamptz;
    v_pass record;
    v_unknown bigint := 0;
    v_few bigint;
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
    IF v_engine.own_xid = v_own THEN
        v_own_from := v_engine.own_from;
    END IF;

    -- Was the monitor itself blind? Time moves forwards only.
    judged_until := greatest(p_now, v_engine.last_now);
    SELECT coalesce(max(activity.backend_start), pg_postmaster_start_time())
    INTO v_server_started
    FROM pg_stat_activity AS activity
    WHERE activity.backend_type = 'checkpointer';
    v_has_restarted := v_engine.server_started_at IS NOT NULL
        AND v_engine.server_started_at <> v_server_started;
    IF NOT p_is_replay AND p_now > v_engine.last_now AND (
        v_has_restarted
        OR p_now - v_engine.last_now
        > greatest(v_settings.monitor_gap_after, 5 * v_settings.tick_period)
    ) THEN
        INSERT INTO health.monitor_gaps (reason, started_at, ended_at, settled_at, details)
        VALUES (
            CASE WHEN v_has_restarted THEN 'server_restarted' ELSE 'engine_stopped' END,
            v_engine.last_now,
            p_now,
            p_now + v_settings.monitor_settle_time,
            jsonb_build_object(
                'last_tick_id', v_engine.tick_id, 'server_started_at', v_server_started
            )
        );
    END IF;
    SELECT coalesce(max(gaps.settled_at), '-infinity')
    INTO v_blind_until
    FROM health.monitor_gaps AS gaps;

    tick_id := v_engine.tick_id + 1;
    v_until := health_internal.snapshot_without(pg_current_snapshot(), v_own);
    v_from_xmax := pg_snapshot_xmax(v_engine.folded_until);
    v_in_progress := ARRAY(SELECT pg_snapshot_xip(v_engine.folded_until));

    -- The engine beats like any agent.
    IF v_engine.last_heartbeat_at IS NULL
        OR judged_until - v_engine.last_heartbeat_at >= v_settings.engine_heartbeat_interval THEN
        INSERT INTO health.agent_heartbeats (
            agent_id, received_at, work_items_processed, average_processing_time_ms
        )
        VALUES (
            'heartbeat_health_agent', judged_until, v_engine.judged_total,
            v_engine.last_tick_ms
        );
        INSERT INTO health.performance_metrics (
            agent_id, metric_name, metric_value, unit, received_at
        )
        SELECT 'heartbeat_health_agent', own.metric_name, own.metric_value, own.unit, judged_until
        FROM (
            VALUES
            ('health_checks_performed', v_engine.judged_total::float8, 'count'),
            (
                'system_health_score',
                (SELECT avg(status.score) FROM health.agent_status AS status
                    WHERE status.liveness NOT IN ('never_seen', 'stopped')),
                'score'
            )
        ) AS own (metric_name, metric_value, unit)
        WHERE own.metric_value IS NOT NULL;
        v_engine.last_heartbeat_at := judged_until;
    END IF;

    UPDATE health_internal.engine
    SET
        tick_id = v_engine.tick_id + 1,
        folded_until = v_until,
        own_xid = v_own,
        system_identifier = v_system,
        last_now = judged_until,
        last_tick_at = v_started,
        server_started_at = v_server_started,
        last_heartbeat_at = v_engine.last_heartbeat_at;
    SELECT engine.cmin::text::bigint INTO STRICT v_own_until FROM health_internal.engine;

    PERFORM health_internal.fold_agent_changes(
        v_from_xmax, v_in_progress, v_until,
        v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
    );
    folded_rows := health_internal.fold_events(
        judged_until, v_from_xmax, v_in_progress, v_until,
        v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
    );
    SELECT metrics.*
    INTO v_metrics
    FROM health_internal.fold_metrics(
        judged_until, v_from_xmax, v_in_progress, v_until,
        v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
    ) AS metrics;
    folded_rows := folded_rows + v_metrics.folded_values;
    IF NOT p_is_replay THEN
        PERFORM health_internal.watch_sessions(judged_until, v_has_restarted);
        PERFORM health_internal.watch_stuck_sessions(judged_until);
    END IF;

    SELECT count(*)
    INTO v_few
    FROM (
        SELECT FROM health_internal.arrived_heartbeats(
            v_from_xmax, v_in_progress, v_until,
            v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
        )
        LIMIT 1000
    ) AS few;
    IF v_few > 0 THEN
        FOR v_attempt IN 1 .. 2
        LOOP
            SELECT pass.*
            INTO v_pass
            FROM health_internal.fold_and_judge(
                judged_until, tick_id, v_from_xmax, v_in_progress, v_until,
                v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from,
                v_blind_until, false, v_few >= 1000
            ) AS pass;
            agents_judged := agents_judged + v_pass.judged_agents;
            EXIT WHEN v_attempt = 2 OR v_pass.judged_agents >= v_pass.arrived_agents;
            -- Fewer than arrived: some are new.
            v_unknown := health_internal.register_unknown(
                v_from_xmax, v_in_progress, v_until,
                v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from
            );
            EXIT WHEN v_unknown = 0;
        END LOOP;
        folded_rows := folded_rows + v_pass.arrived_rows;
    END IF;
    -- The silent: one scan of agent_status, whose first column says who is due.
    SELECT count(*)
    INTO v_few
    FROM (
        SELECT FROM health.agent_status AS status
        WHERE status.next_due_at <= judged_until AND status.judged_tick_id <> tick_id
        LIMIT 1000
    ) AS few;
    IF v_few > 0 THEN
        SELECT pass.*
        INTO v_pass
        FROM health_internal.fold_and_judge(
            judged_until, tick_id, v_from_xmax, v_in_progress, v_until,
            v_own, v_own_from, v_own_until, v_engine.own_xid, v_engine.own_from,
            v_blind_until, true, v_few >= 1000
        ) AS pass;
        agents_judged := agents_judged + v_pass.judged_agents;
    END IF;
    IF v_unknown > 0 OR v_engine.tick_id % 60 = 0 THEN
        PERFORM health_internal.add_missing_agents();
    END IF;

    UPDATE health_internal.engine
    SET
        own_from = v_own_until + 1,
        last_tick_ms = date_part('epoch', clock_timestamp() - v_started) * 1000,
        judged_total = engine.judged_total + agents_judged,
        folded_total = engine.folded_total + folded_rows,
        skipped_series_total = engine.skipped_series_total + v_metrics.skipped_values,
        last_error = NULL,
        last_error_at = NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_phase(timestamptz, boolean) IS
'First phase of a tick: folds what arrived and judges. is_busy: another ticker holds the engine''s '
'row. judged_until: p_now, or the last one where p_now is not after it. Raises EN001 for a p_now that '
'is not finite.';

CREATE OR REPLACE FUNCTION health_internal.act_phase(
    p_now timestamptz,
    OUT alerts_opened bigint,
    OUT recoveries_queued bigint
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
BEGIN
    alerts_opened := 0;
    recoveries_queued := 0;
    PERFORM FROM health_internal.engine FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM health.agent_status AS status
        WHERE status.active_conditions <> '{}' OR status.issue_type IS NOT NULL
    )
        OR EXISTS (SELECT FROM health.alerts WHERE alerts.resolved_at IS NULL)
        OR EXISTS (SELECT FROM health.incidents WHERE incidents.resolved_at IS NULL)
        OR EXISTS (SELECT FROM health.stuck_sessions)
        OR EXISTS (
            SELECT FROM health.recovery_actions AS actions
            WHERE actions.state IN ('pending', 'claimed', 'executing', 'verifying')
        ) THEN
        alerts_opened := health_internal.act_on_alerts(p_now);
        PERFORM health_internal.act_on_recoveries(p_now);
    END IF;
    SELECT count(*)
    INTO recoveries_queued
    FROM health.recovery_actions AS actions
    WHERE actions.created_at = p_now AND actions.state = 'pending';
    -- Ring, once, for new work only: what waits for its time is found by the bridge's poll.
    IF recoveries_queued > 0 OR EXISTS (
        SELECT FROM health.deliveries
        WHERE deliveries.state = 'pending'
            AND deliveries.not_before <= p_now
            AND deliveries.created_at = p_now
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
    UPDATE health_internal.engine
    SET last_act_ms = date_part('epoch', clock_timestamp() - v_started) * 1000;
END;
$$;
COMMENT ON FUNCTION health_internal.act_phase(timestamptz) IS
'Second phase of a tick: alerts, incidents, messages, recoveries, and one NOTIFY health_wakeup if the '
'bridge has work. Returns alerts opened and recoveries queued; both 0 where another ticker acts.';

CREATE OR REPLACE FUNCTION health_internal.note_engine_error(p_error text)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE health_internal.engine
    SET last_error = left(p_error, 2000), last_error_at = clock_timestamp();
$$;
COMMENT ON FUNCTION health_internal.note_engine_error(text) IS
'Keeps what a failing phase said, for engine_health.';

CREATE OR REPLACE FUNCTION health.tick(
    p_now timestamptz DEFAULT clock_timestamp(),
    p_is_replay boolean DEFAULT false
)
RETURNS TABLE (
    tick_id bigint,
    folded_rows bigint,
    agents_judged bigint,
    alerts_opened bigint,
    recoveries_queued bigint,
    is_busy boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_fold record;
    v_act record;
BEGIN
    SELECT phase.* INTO v_fold FROM health_internal.fold_phase(p_now, p_is_replay) AS phase;
    alerts_opened := 0;
    recoveries_queued := 0;
    IF NOT v_fold.is_busy THEN
        SELECT phase.* INTO v_act FROM health_internal.act_phase(v_fold.judged_until) AS phase;
        alerts_opened := v_act.alerts_opened;
        recoveries_queued := v_act.recoveries_queued;
    END IF;
    tick_id := v_fold.tick_id;
    folded_rows := v_fold.folded_rows;
    agents_judged := v_fold.agents_judged;
    is_busy := v_fold.is_busy;
    RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION health.tick(timestamptz, boolean) IS
'One tick in one transaction: folds new rows, judges, acts, rings. For people, tests and replay; the '
'scheduler calls run_tick. p_now: time to judge by; one not after the last tick''s folds but moves no '
'timer. p_is_replay: steps of minutes are no gap of the monitor, and sessions are not watched. '
'Returns is_busy, and does nothing, where another ticker works. Raises EN001.';

CREATE OR REPLACE PROCEDURE health.run_tick()
LANGUAGE plpgsql
AS $$
DECLARE
    v_fold record;
BEGIN
    BEGIN
        SELECT phase.*
        INTO v_fold
        FROM health_internal.fold_phase(clock_timestamp(), false) AS phase;
    EXCEPTION
        WHEN OTHERS THEN
            PERFORM health_internal.note_engine_error(format('fold: %s (%s)', SQLERRM, SQLSTATE));
            RAISE WARNING 'the fold failed: %', SQLERRM
                USING HINT = 'Nothing is lost: the next tick reads the same rows again.';
            COMMIT;
            RETURN;
    END;
    COMMIT;
    IF v_fold.is_busy THEN
        RETURN;
    END IF;
    BEGIN
        PERFORM health_internal.act_phase(v_fold.judged_until);
    EXCEPTION
        WHEN OTHERS THEN
            PERFORM health_internal.note_engine_error(format('act: %s (%s)', SQLERRM, SQLSTATE));
            RAISE WARNING 'the act failed: %', SQLERRM
                USING HINT = 'What was judged is kept; the next tick acts on it.';
    END;
    COMMIT;
END;
$$;
COMMENT ON PROCEDURE health.run_tick() IS
'The scheduler''s tick, by the clock: commits after fold and judge, so that a failing act undoes no '
'fold; a failing phase is kept in engine_health.last_error and tried again. Call it outside a '
'transaction.';

GRANT EXECUTE ON FUNCTION health_internal.fold_phase(timestamptz, boolean),
health_internal.act_phase(timestamptz),
health_internal.note_engine_error(text),
health.tick(timestamptz, boolean) TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.run_tick() TO health_bridge, health_admin;

COMMIT;
