-- The tick: fold, judge, act, ring, then the watch over series. One ticker at a time: whoever holds the engine's row.
-- tick() is one transaction, for people, tests and replay; run_tick() is the scheduler's and commits
-- between the phases, so that a failing act never undoes a fold.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.is_act_due()
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_latest bigint;
    v_is_due boolean;
BEGIN
    -- Before anything is compared: what is committed meanwhile is compared again by the next tick.
    DELETE FROM health_internal.act_causes;
    v_is_due := FOUND;
    SELECT max(transitions.transition_id) INTO v_latest FROM health.status_transitions AS transitions;
    UPDATE health_internal.engine
    SET compared_transition_id = v_latest
    WHERE engine.compared_transition_id IS DISTINCT FROM v_latest;
    RETURN FOUND OR v_is_due
        -- What an agent loses counts beside a rule's finding, and is told by each of its beats.
        OR EXISTS (
            SELECT FROM health.rule_findings AS findings
            INNER JOIN health.agents
                ON findings.agent_id = agents.agent_id AND agents.revenue_usd_per_hour > 0
            WHERE findings.severity IN ('critical', 'emergency')
        )
        -- Whatever else may have happened.
        OR (SELECT engine.tick_id % 8 = 0 FROM health_internal.engine);
END;
$$;
COMMENT ON FUNCTION health_internal.is_act_due() IS
'Whether anything that the act compares changed since it compared last: a transition or a row of act_causes, '
'which it removes; each eighth tick all the same.';

CREATE OR REPLACE FUNCTION health_internal.recover_phase(
    p_now timestamptz,
    p_is_due boolean DEFAULT true,
    OUT recoveries_queued bigint
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    recoveries_queued := 0;
    PERFORM FROM health_internal.engine FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM health.agent_status AS status
        WHERE status.active_conditions <> '{}' OR status.issue_type IS NOT NULL
    )
        OR EXISTS (SELECT FROM health.stuck_sessions)
        OR EXISTS (
            SELECT FROM health.recovery_actions AS actions
            WHERE actions.finished_at IS NULL
        )
        -- What has ended badly is settled, and a storm over, when nobody is in trouble any more.
        OR EXISTS (
            SELECT FROM health.recovery_actions AS actions
            WHERE actions.settled_at IS NULL
                AND actions.finished_at IS NOT NULL
                AND actions.state IN ('failed', 'escalated')
        )
        OR EXISTS (SELECT FROM health.recovery_storms AS storms WHERE storms.ended_at IS NULL) THEN
        recoveries_queued := health_internal.act_on_recoveries(p_now, p_is_due);
    END IF;
    PERFORM health_internal.note_unconfirmed(p_now);
    PERFORM health_internal.notify(p_now);
    PERFORM health_internal.note_digests();
    -- Without those that a person was asked about at once.
    IF recoveries_queued > 0 THEN
        SELECT count(*)
        INTO recoveries_queued
        FROM health.recovery_actions AS actions
        WHERE actions.finished_at IS NULL
            AND actions.state = 'pending'
            AND actions.created_at = p_now;
    END IF;
    -- Ring, once, for new work only: what waits for its time is found by the bridge's poll.
    IF recoveries_queued > 0 OR EXISTS (
        SELECT FROM health.deliveries
        WHERE deliveries.state = 'pending'
            AND deliveries.not_before <= p_now
            AND deliveries.created_at = p_now
    ) THEN
        PERFORM pg_notify('health_wakeup', '');
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.recover_phase(timestamptz, boolean) IS
'Moves recoveries on, tells what is new, writes what the ledger still lacks, and rings health_wakeup once if '
'the bridge has work. p_is_due: see is_act_due. Returns how many recoveries were queued.';

CREATE OR REPLACE FUNCTION health_internal.act_phase(
    p_now timestamptz,
    OUT alerts_opened bigint,
    OUT recoveries_queued bigint,
    OUT is_unfinished boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
    v_is_due boolean;
BEGIN
    alerts_opened := 0;
    recoveries_queued := 0;
    is_unfinished := false;
    PERFORM FROM health_internal.engine FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM health_internal.tell_blindness(p_now);
    PERFORM health_internal.check_engine(p_now);
    v_is_due := health_internal.is_act_due();
    alerts_opened := health_internal.act_on_alerts(p_now, v_is_due);
    -- A page says what is being done about it; but that of a storm does not wait for its recoveries.
    is_unfinished := alerts_opened > 500;
    IF is_unfinished THEN
        PERFORM health_internal.notify(p_now);
        PERFORM pg_notify('health_wakeup', '');
    ELSE
        recoveries_queued := health_internal.recover_phase(p_now, v_is_due);
    END IF;
    UPDATE health_internal.engine
    SET last_act_ms = date_part('epoch', clock_timestamp() - v_started) * 1000;
END;
$$;
COMMENT ON FUNCTION health_internal.act_phase(timestamptz) IS
'Second phase of a tick: alerts, incidents, messages, recoveries. Returns alerts opened and recoveries '
'queued; both 0 where another ticker acts. is_unfinished: hundreds of alerts opened, and their messages '
'should be committed before recover_phase is called.';

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
        IF v_act.is_unfinished THEN
            recoveries_queued := health_internal.recover_phase(v_fold.judged_until);
        END IF;
        PERFORM health_internal.series_phase(v_fold.judged_until, p_is_replay);
    END IF;
    tick_id := v_fold.tick_id;
    folded_rows := v_fold.folded_rows;
    agents_judged := v_fold.agents_judged;
    is_busy := v_fold.is_busy;
    RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION health.tick(timestamptz, boolean) IS
'One tick in one transaction: folds new rows, judges, acts, rings, watches series. For people, tests and replay; the '
'scheduler calls run_tick. p_now: time to judge by; one not after the last tick''s folds but moves no '
'timer. p_is_replay: steps of minutes are no gap of the monitor, sessions are not watched, and all series '
'that wait are judged at once. '
'Returns is_busy, and does nothing, where another ticker works. Raises EN001.';

CREATE OR REPLACE PROCEDURE health.run_tick()
LANGUAGE plpgsql
AS $$
DECLARE
    v_fold record;
    v_is_unfinished boolean := false;
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
    -- Once, or where a storm's messages are committed first, twice.
    FOR v_part IN 1 .. 2
    LOOP
        BEGIN
            IF v_part = 1 THEN
                SELECT phase.is_unfinished
                INTO v_is_unfinished
                FROM health_internal.act_phase(v_fold.judged_until) AS phase;
            ELSE
                PERFORM health_internal.recover_phase(v_fold.judged_until);
            END IF;
        EXCEPTION
            WHEN OTHERS THEN
                PERFORM health_internal.note_engine_error(
                    format('act: %s (%s)', SQLERRM, SQLSTATE)
                );
                RAISE WARNING 'the act failed: %', SQLERRM
                    USING HINT = 'What was judged is kept; the next tick acts on it.';
        END;
        COMMIT;
        EXIT WHEN NOT v_is_unfinished;
    END LOOP;
    BEGIN
        PERFORM health_internal.series_phase(v_fold.judged_until, false);
    EXCEPTION
        WHEN OTHERS THEN
            PERFORM health_internal.note_series_error(format('%s (%s)', SQLERRM, SQLSTATE));
            RAISE WARNING 'the watch over series failed: %', SQLERRM
                USING HINT = 'Nothing is lost: the next tick collects the same rows again.';
    END;
    COMMIT;
END;
$$;
COMMENT ON PROCEDURE health.run_tick() IS
'The scheduler''s tick, by the clock: commits after fold and judge, after act and after the watch over '
'series, so that a failing phase undoes none before it; what fails is kept in engine_health.last_error '
'(series: last_series_error) and tried again. Call it outside a transaction.';

GRANT EXECUTE ON FUNCTION health_internal.act_phase(timestamptz),
health_internal.recover_phase(timestamptz, boolean),
health_internal.note_engine_error(text),
health.tick(timestamptz, boolean) TO health_bridge, health_admin;
GRANT EXECUTE ON PROCEDURE health.run_tick() TO health_bridge, health_admin;

COMMIT;
