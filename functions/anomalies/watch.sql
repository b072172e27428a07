-- The watch over series, a phase of the tick after act: collect, judge finished minutes within a budget,
-- bring episodes and findings up to date.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.series_phase(
    p_now timestamptz,
    p_is_replay boolean,
    OUT stepped_points bigint,
    OUT is_unfinished boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
    -- A minute is over 5 s after its end: what commits a little late still belongs to it.
    v_finished constant timestamptz := date_bin(
        interval '1 minute', p_now - interval '5 seconds', '2000-01-01 00:00:00+00'
    );
    v_cursor health_internal.series_cursor;
    v_engine health_internal.engine;
    v_settings health.settings;
    v_range health_internal.arrival_range;
    v_budget_ms double precision;
    v_batch integer := 500;
    v_minute timestamptz;
    v_step record;
    v_after bigint;
    v_count bigint;
    v_is_changed boolean := false;
BEGIN
    stepped_points := 0;
    is_unfinished := false;
    -- Most ticks have nothing to do here and pay for this look.
    SELECT engine.* INTO STRICT v_engine FROM health_internal.engine;
    SELECT cursor.* INTO v_cursor FROM health_internal.series_cursor AS cursor;
    -- Without a cursor, as in the sandbox of a backtest, nothing is watched.
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF v_finished <= v_cursor.finished_until
        AND v_engine.folded_total < v_cursor.folded_total + 20000
        AND v_cursor.stepped_until >= v_cursor.finished_until THEN
        RETURN;
    END IF;
    SELECT cursor.*
    INTO v_cursor
    FROM health_internal.series_cursor AS cursor
    FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT engine.* INTO STRICT v_engine FROM health_internal.engine;
    SELECT settings.* INTO STRICT v_settings FROM health.settings;

    -- Once a minute, or before too much has come together.
    IF v_finished > v_cursor.finished_until
        OR v_engine.folded_total >= v_cursor.folded_total + 20000 THEN
        v_range := health_internal.uncollected_range(
            v_cursor, v_engine, p_now - v_settings.history_after
        );
        PERFORM health_internal.enrol_arrived(p_now, v_range);
        PERFORM health_internal.collect_minutes(v_range, v_cursor.stepped_until);
        v_cursor.folded_until := v_engine.folded_until;
        v_cursor.own_xid := v_engine.own_xid;
        v_cursor.own_from := v_engine.own_from;
        v_cursor.system_identifier := v_engine.system_identifier;
        v_cursor.folded_total := v_engine.folded_total;
        v_cursor.finished_until := greatest(v_cursor.finished_until, v_finished);
    END IF;

    -- What nobody got to for too long is no news any more.
    IF v_cursor.stepped_until < v_cursor.finished_until - v_settings.history_after THEN
        DELETE FROM health_internal.series_minutes AS minutes
        WHERE minutes.minute_at < v_cursor.finished_until - v_settings.history_after;
        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_cursor.skipped_total := v_cursor.skipped_total + v_count;
        v_cursor.stepped_until := v_cursor.finished_until - v_settings.history_after;
    END IF;

    IF NOT p_is_replay THEN
        v_budget_ms := 1000 * v_settings.series_budget_share * date_part('epoch', least(
            v_settings.tick_period, v_started - v_cursor.last_phase_at
        ));
        v_batch := greatest(20, least(500, v_budget_ms * 2));
    END IF;
    -- Oldest minute first, series by series: a loop, because each step needs the one before it, and
    -- because the clock is looked at between batches.
    <<minutes>>
    LOOP
        SELECT min(waiting.minute_at)
        INTO v_minute
        FROM health_internal.series_minutes AS waiting
        WHERE waiting.minute_at >= v_cursor.stepped_until
            AND waiting.minute_at < v_cursor.finished_until;
        v_cursor.stepped_until := coalesce(v_minute, v_cursor.finished_until);
        v_is_changed := health_internal.judge_surprises(v_cursor.stepped_until) > 0 OR v_is_changed;
        EXIT WHEN v_minute IS NULL;
        v_after := 0;
        LOOP
            SELECT step.*
            INTO v_step
            FROM health_internal.step_minute(p_now, v_minute, v_after, v_batch) AS step;
            stepped_points := stepped_points + v_step.step_count;
            v_is_changed := v_is_changed OR v_step.has_strange;
            v_after := v_step.last_series_id;
            EXIT minutes WHEN date_part('epoch', clock_timestamp() - v_started) * 1000 > v_budget_ms;
            EXIT WHEN v_step.step_count < v_batch;
        END LOOP;
    END LOOP minutes;
    is_unfinished := v_cursor.stepped_until < v_cursor.finished_until;

    v_is_changed := health_internal.end_anomalies(v_cursor.stepped_until) > 0 OR v_is_changed;
    IF v_is_changed THEN
        PERFORM health_internal.refresh_anomaly_findings(p_now);
    END IF;
    UPDATE health_internal.series_cursor AS cursor
    SET
        folded_until = v_cursor.folded_until,
        own_xid = v_cursor.own_xid,
        own_from = v_cursor.own_from,
        system_identifier = v_cursor.system_identifier,
        folded_total = v_cursor.folded_total,
        finished_until = v_cursor.finished_until,
        stepped_until = v_cursor.stepped_until,
        last_phase_at = v_started,
        last_phase_ms = date_part('epoch', clock_timestamp() - v_started) * 1000,
        stepped_total = cursor.stepped_total + stepped_points,
        skipped_total = v_cursor.skipped_total,
        last_error = NULL,
        last_error_at = NULL;
END;
$$;
COMMENT ON FUNCTION health_internal.series_phase(timestamptz, boolean) IS
'Phase of a tick after act: collects once a minute (or after 20,000 folded rows) what ticks have folded, '
'judges minutes that are over, oldest first, ends episodes and renews findings. At most '
'settings.series_budget_share of the period, but at least one batch; all of it when p_is_replay. Returns '
'points judged and whether some wait for the next tick; 0 where another session does it.';

CREATE OR REPLACE FUNCTION health_internal.note_series_error(p_error text)
RETURNS void
LANGUAGE sql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE health_internal.series_cursor
    SET last_error = left(p_error, 2000), last_error_at = clock_timestamp();
$$;
COMMENT ON FUNCTION health_internal.note_series_error(text) IS
'Keeps what a failing watch over series said, for engine_health.';

CREATE OR REPLACE FUNCTION health_internal.forget_series(p_agent_ids text [])
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    DELETE FROM health_internal.series WHERE series.agent_id = ANY (p_agent_ids);
    DELETE FROM health_internal.agent_surprises
    WHERE agent_surprises.agent_id = ANY (p_agent_ids);
    DELETE FROM health_internal.series_refusals
    WHERE series_refusals.agent_id = ANY (p_agent_ids);
    DELETE FROM health.baselines WHERE baselines.agent_id = ANY (p_agent_ids);
    DELETE FROM health.anomalies WHERE anomalies.agent_id = ANY (p_agent_ids);
    DELETE FROM health.rule_findings
    WHERE rule_findings.rule = 'anomaly' AND rule_findings.agent_id = ANY (p_agent_ids);
$$;
COMMENT ON FUNCTION health_internal.forget_series(text []) IS
'Removes all that is known of the series of agents that are gone.';

CREATE OR REPLACE FUNCTION health_internal.sweep_series(p_now timestamptz)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    WITH forgotten AS (
        DELETE FROM health_internal.series
        USING health_internal.series_states AS states, health.settings
        WHERE series.series_id = states.series_id
            AND series.is_watched
            AND series.enrolled_by = 'policy'
            AND coalesce(states.last_minute_at, series.enrolled_at)
            < p_now - settings.series_forgotten_after
        RETURNING series.agent_id, series.metric_name
    )

    DELETE FROM health.baselines
    USING forgotten
    WHERE baselines.agent_id = forgotten.agent_id
        AND baselines.metric_name = forgotten.metric_name;
    DELETE FROM health_internal.agent_surprises
    USING health.settings
    WHERE agent_surprises.minute_at < p_now - settings.series_forgotten_after;
    -- Names that are not told any more make room for others.
    DELETE FROM health_internal.metric_series
    USING health.settings
    WHERE metric_series.last_received_at < p_now - settings.series_forgotten_after;
    DELETE FROM health_internal.series_refusals
    USING health.settings
    WHERE series_refusals.last_at < p_now - settings.series_forgotten_after;
    DELETE FROM health.anomalies WHERE anomalies.ended_at < p_now - interval '90 days';
$$;
COMMENT ON FUNCTION health_internal.sweep_series(timestamptz) IS
'Forgets what was silent for settings.series_forgotten_after: series that policy enrolled with their '
'baselines, names of metrics, refusals; and episodes that ended more than 90 days ago.';

GRANT EXECUTE ON FUNCTION
health_internal.series_phase(timestamptz, boolean),
health_internal.note_series_error(text) TO health_bridge, health_admin;

COMMIT;
