-- Replays stored history through the engine in a sandbox, tick by tick, under another policy.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.replay_ticks(
    p_sandbox text,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_internal constant text := p_sandbox || '_internal';
    v_idle_step constant interval := greatest(p_step, interval '30 seconds');
    v_feed constant text := format(
        $sql$
        WITH beats AS (
            INSERT INTO %1$I.agent_heartbeats (
                agent_id, state, sent_at, received_at, work_items_processed,
                average_processing_time_ms, cpu_usage_percent, memory_usage_mb, memory_limit_mb,
                error_count, cost_efficiency, user_satisfaction, operational_efficiency,
                revenue_impact_usd, signal, run_id, attributes
            )
            SELECT
                agent_id, state, sent_at, received_at, work_items_processed,
                average_processing_time_ms, cpu_usage_percent, memory_usage_mb, memory_limit_mb,
                error_count, cost_efficiency, user_satisfaction, operational_efficiency,
                revenue_impact_usd, signal, run_id, attributes
            FROM %2$I.history_of_agent_heartbeats
            WHERE received_at > $1 AND received_at <= $2
        ),
        metrics AS (
            INSERT INTO %1$I.performance_metrics (
                agent_id, metric_name, metric_value, unit, recorded_at, received_at
            )
            SELECT agent_id, metric_name, metric_value, unit, recorded_at, received_at
            FROM %2$I.history_of_performance_metrics
            WHERE received_at > $1 AND received_at <= $2
        ),
        sessions AS (
            INSERT INTO %1$I.agent_sessions (agent_id, agent_number, pid, attached_at)
            SELECT agent_id, -agent_number, 0, attached_at
            FROM health.agent_sessions
            WHERE lost_reason = 'session_lost' AND lost_at > $1 AND lost_at <= $2
                AND EXISTS (
                    SELECT FROM %1$I.agent_status AS known
                    WHERE known.agent_id = agent_sessions.agent_id
                )
        )
        INSERT INTO %1$I.system_events (
            agent_id, event_type, severity, event_data, occurred_at, received_at
        )
        SELECT agent_id, event_type, severity, event_data, occurred_at, received_at
        FROM %2$I.history_of_system_events
        WHERE received_at > $1 AND received_at <= $2
        $sql$,
        p_sandbox, v_internal
    );
    v_tick constant text := format('SELECT FROM %I.tick($1, false)', p_sandbox);
    -- The bridge of a sandbox does at once what it is told; the world stays as it is recorded.
    v_serve constant text := format(
        $sql$
        SELECT %1$I.report_recovery_action(
            claimed.action_id, claimed.fencing_token, 'succeeded', '{}', $1
        )
        FROM %1$I.claim_recovery_actions('backtest', 1000, NULL, $1) AS claimed
        $sql$,
        p_sandbox
    );
    v_deliver constant text := format(
        $sql$
        UPDATE %1$I.deliveries SET state = 'delivered', finished_at = $1
        WHERE state = 'pending' AND not_before <= $1
        $sql$,
        p_sandbox
    );
    -- What comes next: a raw row, a deadline, or something unfinished, which every tick looks at.
    v_look constant text := format(
        $sql$
        SELECT
            least(
                (SELECT min(received_at) FROM %2$I.history_of_agent_heartbeats
                    WHERE received_at > $1),
                (SELECT min(received_at) FROM %2$I.history_of_performance_metrics
                    WHERE received_at > $1),
                (SELECT min(received_at) FROM %2$I.history_of_system_events
                    WHERE received_at > $1),
                (SELECT min(next_due_at) FROM %1$I.agent_status)
            ),
            EXISTS (
                SELECT FROM %1$I.recovery_actions
                WHERE finished_at IS NULL
            )
            OR EXISTS (SELECT FROM %1$I.incidents WHERE NOT is_settled)
            OR EXISTS (SELECT FROM %1$I.deliveries WHERE state IN ('pending', 'claimed'))
        $sql$,
        p_sandbox, v_internal
    );
    v_now timestamptz := p_from;
    v_last timestamptz := p_from - interval '1 microsecond';
    v_next timestamptz;
    v_is_busy boolean;
    v_gap_end timestamptz;
    v_count bigint := 0;
BEGIN
    -- Tick by tick, as it was: each judges by what the ones before it left.
    WHILE v_now <= p_to
    LOOP
        -- While the engine itself stood still nobody ticked.
        SELECT max(gaps.ended_at)
        INTO v_gap_end
        FROM health.monitor_gaps AS gaps
        WHERE gaps.reason IN ('engine_stopped', 'server_restarted')
            AND gaps.started_at < v_now AND gaps.ended_at > v_now;
        IF v_gap_end IS NOT NULL THEN
            v_now := v_gap_end;
            EXIT WHEN v_now > p_to;
        END IF;
        EXECUTE format(
            $sql$
            INSERT INTO %I.monitor_gaps (reason, started_at, ended_at, settled_at, details)
            SELECT reason, started_at, ended_at, settled_at, details
            FROM health.monitor_gaps
            WHERE reason = 'server_restarted' AND ended_at > $1 AND ended_at <= $2
            $sql$,
            p_sandbox
        )
        USING v_last, v_now;
        EXECUTE v_feed USING v_last, v_now;
        EXECUTE v_tick USING v_now;
        v_count := v_count + 1;
        EXECUTE v_look INTO v_next, v_is_busy USING v_now;
        IF v_is_busy THEN
            EXECUTE v_serve USING v_now;
            EXECUTE v_deliver USING v_now;
        END IF;
        IF v_count % 100 = 0 THEN
            PERFORM health_internal.sweep_sandbox(p_sandbox);
        END IF;
        v_last := v_now;
        -- The next beat of the clock at which anything can happen.
        v_now := v_now + CASE
            WHEN v_is_busy THEN p_step
            ELSE p_step * greatest(1, ceil(
                date_part('epoch', least(v_next, v_now + v_idle_step) - v_now)
                / date_part('epoch', p_step)
            ))
        END;
    END LOOP;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.replay_ticks(text, timestamptz, timestamptz, interval) IS
'Ticks the sandbox''s engine from p_from to p_to each p_step, handing it the raw rows as they came and '
'attach sessions as they were lost. Steps in which nothing can happen are left out, at most 30 s of them. '
'The monitor''s own gaps are as recorded. Recoveries are carried out at once and messages delivered. '
'Returns how many ticks.';

COMMIT;
