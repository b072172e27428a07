-- The rest of the fold: configuration changes, unknown agents, events, metric series, sessions.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.forget_agents(p_agent_ids text [])
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    SELECT health_internal.forget_series(p_agent_ids);
    DELETE FROM health.agent_status WHERE agent_status.agent_id = ANY (p_agent_ids);
    DELETE FROM health_internal.metric_series WHERE metric_series.agent_id = ANY (p_agent_ids);
    DELETE FROM health_internal.flapping_agents
    WHERE flapping_agents.agent_id = ANY (p_agent_ids);
    DELETE FROM health_internal.resource_trends
    WHERE resource_trends.agent_id = ANY (p_agent_ids);
    DELETE FROM health_internal.failure_predictions
    WHERE failure_predictions.agent_id = ANY (p_agent_ids);
    DELETE FROM health.job_expectations WHERE job_expectations.agent_id = ANY (p_agent_ids);
    DELETE FROM health.rule_findings WHERE rule_findings.agent_id = ANY (p_agent_ids);
    UPDATE health.recommendations
    SET closed_at = clock_timestamp()
    WHERE recommendations.agent_id = ANY (p_agent_ids) AND recommendations.closed_at IS NULL;
    -- What a bridge has begun ends by its report; what waits would restart what nobody wants any more.
    UPDATE health.recovery_actions
    SET
        state = 'cancelled',
        hold = NULL,
        hold_reason = NULL,
        finished_at = clock_timestamp(),
        settled_at = clock_timestamp(),
        outcome = recovery_actions.outcome || '{"reason": "the agent was removed"}'
    WHERE recovery_actions.agent_id = ANY (p_agent_ids) AND recovery_actions.state = 'pending';
$$;
COMMENT ON FUNCTION health_internal.forget_agents(text []) IS
'Ends the watch over agents that were removed from agents: their state, series, findings and waiting '
'recoveries go, their alerts then close as their reasons do. History stays.';

CREATE OR REPLACE FUNCTION health_internal.fold_agent_changes(
    p_range health_internal.arrival_range
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_changed text [];
    v_gone text [];
BEGIN
    v_changed := ARRAY(
        SELECT DISTINCT changes.agent_id
        FROM health_internal.arrived_agent_changes(p_range) AS changes
    );
    IF v_changed = '{}' THEN
        RETURN 0;
    END IF;

    INSERT INTO health.agent_status AS status (
        agent_id, policy_class, expected_interval_seconds, grace_seconds,
        latency_slo_ms, throughput_slo_per_minute
    )
    SELECT
        agents.agent_id,
        agents.policy_class,
        date_part('epoch', agents.expected_interval),
        CASE WHEN agents.schedule IS NULL THEN date_part('epoch', agents.grace) ELSE 1e9 END,
        agents.latency_slo_ms,
        agents.throughput_slo_per_minute
    FROM health.agents
    WHERE agents.agent_id = ANY (v_changed)
    ON CONFLICT (agent_id) DO UPDATE SET
        policy_class = excluded.policy_class,
        expected_interval_seconds = excluded.expected_interval_seconds,
        grace_seconds = excluded.grace_seconds,
        latency_slo_ms = excluded.latency_slo_ms,
        throughput_slo_per_minute = excluded.throughput_slo_per_minute,
        -- An interval told anew is believed until gaps teach otherwise.
        learnt_interval_seconds = CASE
            WHEN excluded.expected_interval_seconds
                IS DISTINCT FROM status.expected_interval_seconds
                AND status.gap_count < 20
                AND status.learnt_interval_seconds IS NOT NULL
                THEN coalesce(
                    excluded.expected_interval_seconds, status.learnt_interval_seconds
                )
            ELSE status.learnt_interval_seconds
        END
    WHERE (
        status.policy_class, status.expected_interval_seconds, status.grace_seconds,
        status.latency_slo_ms, status.throughput_slo_per_minute
    ) IS DISTINCT FROM (
        excluded.policy_class, excluded.expected_interval_seconds, excluded.grace_seconds,
        excluded.latency_slo_ms, excluded.throughput_slo_per_minute
    );

    v_gone := ARRAY(
        SELECT changed.agent_id
        FROM unnest(v_changed) AS changed (agent_id)
        WHERE NOT EXISTS (
            SELECT FROM health.agents WHERE agents.agent_id = changed.agent_id
        )
    );
    IF v_gone <> '{}' THEN
        PERFORM health_internal.forget_agents(v_gone);
    END IF;
    RETURN cardinality(v_changed);
END;
$$;
COMMENT ON FUNCTION health_internal.fold_agent_changes(health_internal.arrival_range) IS
'Copies what changed in agents since the last tick into agent_status, and forgets agents that were '
'removed; returns how many agents changed.';

CREATE OR REPLACE FUNCTION health_internal.register_unknown(
    p_beats health_internal.beat [],
    p_is_many boolean,
    p_range health_internal.arrival_range
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_count bigint;
BEGIN
    -- Only agent_status, which nobody else writes: a row of agents could be locked by an open
    -- transaction of the agent, and the tick waits for nobody. add_missing_agents follows.
    INSERT INTO health.agent_status (
        agent_id, policy_class, expected_interval_seconds, grace_seconds,
        latency_slo_ms, throughput_slo_per_minute
    )
    SELECT
        unknown.agent_id,
        coalesce(agents.policy_class, 'standard'),
        date_part('epoch', agents.expected_interval),
        CASE
            WHEN agents.schedule IS NULL THEN coalesce(date_part('epoch', agents.grace), 0)
            ELSE 1e9
        END,
        agents.latency_slo_ms,
        agents.throughput_slo_per_minute
    FROM (
        SELECT DISTINCT beats.agent_id
        FROM (
            SELECT few.agent_id
            FROM unnest(p_beats) AS few
            UNION ALL
            SELECT arrived.agent_id
            FROM health_internal.arrived_heartbeats(p_range) AS arrived
            WHERE p_is_many
        ) AS beats
        WHERE NOT EXISTS (
            SELECT FROM health.agent_status AS status
            WHERE status.agent_id = beats.agent_id
        )
    ) AS unknown
    LEFT JOIN health.agents ON unknown.agent_id = agents.agent_id
    WHERE agents.agent_id IS NOT NULL
        OR (SELECT settings.unknown_agents FROM health.settings) = 'register';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.register_unknown(
    health_internal.beat [], boolean, health_internal.arrival_range
) IS
'Gives agents that beat for the first time (few: those of p_beats; many: all that arrived) their row '
'of agent_status, unless settings.unknown_agents is refuse; returns how many.';

CREATE OR REPLACE FUNCTION health_internal.add_missing_agents()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET lock_timeout = '50ms'
AS $$
DECLARE
    v_count bigint := 0;
BEGIN
    INSERT INTO health.agents (agent_id, agent_name)
    SELECT
        status.agent_id,
        status.agent_id
    FROM health.agent_status AS status
    WHERE NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = status.agent_id)
    ON CONFLICT (agent_id) DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
EXCEPTION
    -- Somebody registers one of them in an open transaction: the next tick tries again.
    WHEN lock_not_available THEN
        RETURN 0;
END;
$$;
COMMENT ON FUNCTION health_internal.add_missing_agents() IS
'Registers in agents who is watched without having registered; waits at most 50 ms for a lock and '
'leaves the rest to the next call. Returns how many were added.';

CREATE OR REPLACE FUNCTION health_internal.event_weight(p_severity text)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE lower(p_severity)
    WHEN 'warning' THEN 0.1
    WHEN 'error' THEN 1
    WHEN 'critical' THEN 3
    WHEN 'emergency' THEN 10
    ELSE 0
END;
COMMENT ON FUNCTION health_internal.event_weight(text) IS
'How many errors an event of this severity counts as: warning 0.1, error 1, critical 3, emergency 10.';

CREATE OR REPLACE FUNCTION health_internal.fold_events(
    p_now timestamptz,
    p_range health_internal.arrival_range
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_count bigint;
    v_has_due boolean;
BEGIN
    WITH arrived AS (
        SELECT
            events.agent_id,
            count(*) AS event_count,
            sum(
                health_internal.event_weight(events.severity)
                * health_internal.decay(
                    date_part('epoch', p_now - events.received_at), settings.metric_memory_seconds
                )
            ) AS weight
        FROM health_internal.arrived_events(p_range) AS events
        CROSS JOIN health.settings
        WHERE events.received_at >= p_now - settings.history_after
            -- What the engine writes about agents must not feed back into scores.
            AND events.agent_id <> 'heartbeat_health_agent'
        GROUP BY events.agent_id
    ),

    folded AS (
        UPDATE health.agent_status AS status
        SET
            -- Sums are as of the last heartbeat; what came after it weighs more than it.
            error_sum = status.error_sum
            + arrived.weight / greatest(
                health_internal.decay(
                    date_part('epoch', p_now - status.last_heartbeat_at),
                    settings.metric_memory_seconds
                ),
                1e-15
            ),
            next_due_at = least(status.next_due_at, p_now)
        FROM arrived
        CROSS JOIN health.settings
        WHERE status.agent_id = arrived.agent_id
            AND arrived.weight > 0
            AND status.last_heartbeat_at IS NOT NULL
            AND status.liveness NOT IN ('stopped', 'unresponsive')
        RETURNING status.agent_id
    )

    SELECT
        coalesce(sum(arrived.event_count), 0),
        EXISTS (SELECT FROM folded)
    INTO v_count, v_has_due
    FROM arrived;
    IF v_has_due THEN
        PERFORM health_internal.look_for_due();
    END IF;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_events(timestamptz, health_internal.arrival_range) IS
'Folds the agents'' own events by severity into agent_status.error_sum and makes those agents due; '
'returns how many events.';

CREATE OR REPLACE FUNCTION health_internal.fold_metrics(
    p_now timestamptz,
    p_range health_internal.arrival_range,
    OUT folded_values bigint,
    OUT skipped_values bigint
)
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_custom_plan
SET jit = off
AS $$
DECLARE
    v_memory double precision;
    v_limit integer;
BEGIN
    SELECT settings.metric_memory_seconds, settings.series_per_agent
    INTO STRICT v_memory, v_limit
    FROM health.settings;

    WITH arrived AS MATERIALIZED (
        SELECT
            metrics.agent_id,
            metrics.metric_name,
            count(*) AS value_count,
            max(metrics.received_at) AS last_received_at,
            (array_agg(metrics.metric_value::float8 ORDER BY metrics.received_at DESC))[1]
                AS last_value,
            (array_agg(metrics.unit::text ORDER BY metrics.received_at DESC))[1] AS unit,
            sum(ages.weight) AS weight,
            sum(ages.weight * metrics.metric_value) AS value_sum,
            sum(ages.weight * metrics.metric_value * metrics.metric_value) AS square_sum
        FROM health_internal.arrived_metrics(p_range) AS metrics
        CROSS JOIN LATERAL (
            SELECT health_internal.decay(
                date_part('epoch', p_now - metrics.received_at), v_memory
            ) AS weight
            OFFSET 0
        ) AS ages
        GROUP BY metrics.agent_id, metrics.metric_name
    ),

    ranked AS (
        SELECT
            arrived.*,
            series.agent_id IS NOT NULL AS is_known,
            (
                SELECT count(*)
                FROM health_internal.metric_series AS others
                WHERE others.agent_id = arrived.agent_id
            ) + row_number() OVER (
                PARTITION BY arrived.agent_id, series.agent_id IS NULL ORDER BY arrived.metric_name
            ) AS place
        FROM arrived
        LEFT JOIN health_internal.metric_series AS series
            ON arrived.agent_id = series.agent_id AND arrived.metric_name = series.metric_name
    ),

    upserted AS (
        INSERT INTO health_internal.metric_series AS series (
            agent_id, metric_name, unit, last_value, last_received_at, value_count, decayed_at,
            weight, value_sum, square_sum
        )
        SELECT
            ranked.agent_id, ranked.metric_name, ranked.unit, ranked.last_value,
            ranked.last_received_at, ranked.value_count, p_now, ranked.weight, ranked.value_sum,
            ranked.square_sum
        FROM ranked
        WHERE ranked.is_known OR ranked.place <= v_limit
        ON CONFLICT (agent_id, metric_name) DO UPDATE SET
            unit = coalesce(excluded.unit, series.unit),
            last_value = CASE
                WHEN excluded.last_received_at >= series.last_received_at
                    THEN excluded.last_value
                ELSE series.last_value
            END,
            last_received_at = greatest(series.last_received_at, excluded.last_received_at),
            value_count = series.value_count + excluded.value_count,
            decayed_at = excluded.decayed_at,
            weight = excluded.weight + health_internal.decayed_sum(
                series.weight,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            ),
            value_sum = excluded.value_sum + health_internal.decayed_sum(
                series.value_sum,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            ),
            square_sum = excluded.square_sum + health_internal.decayed_sum(
                series.square_sum,
                health_internal.decay(
                    date_part('epoch', excluded.decayed_at - series.decayed_at), v_memory
                )
            )
    )

    SELECT
        coalesce(sum(ranked.value_count), 0),
        coalesce(
            sum(ranked.value_count) FILTER (WHERE NOT ranked.is_known AND ranked.place > v_limit), 0
        )
    INTO folded_values, skipped_values
    FROM ranked;
END;
$$;
COMMENT ON FUNCTION health_internal.fold_metrics(timestamptz, health_internal.arrival_range) IS
'Folds new metric values into metric_series (weight exp(-age / 60 min)). An agent keeps at most '
'settings.series_per_agent series: values of further names are counted as skipped and stay raw.';

CREATE OR REPLACE FUNCTION health_internal.watch_sessions(
    p_now timestamptz,
    p_have_all_ended boolean
)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_lost bigint;
BEGIN
    WITH held AS MATERIALIZED (
        SELECT sessions.*
        FROM health_internal.held_sessions() AS sessions
    ),

    ended AS (
        UPDATE health.agent_sessions AS sessions
        SET
            lost_at = p_now,
            lost_reason = CASE
                WHEN p_have_all_ended THEN 'server_restarted'
                WHEN EXISTS (
                    SELECT FROM held
                    WHERE held.agent_number = sessions.agent_number
                ) THEN 'attached_again'
                ELSE 'session_lost'
            END
        WHERE sessions.lost_at IS NULL
            AND NOT EXISTS (
                SELECT FROM held
                WHERE held.pid = sessions.pid AND held.agent_number = sessions.agent_number
            )
        RETURNING sessions.agent_id, sessions.lost_reason
    ),

    suspected AS (
        UPDATE health.agent_status AS status
        SET session_lost_at = p_now, next_due_at = p_now
        FROM ended
        WHERE status.agent_id = ended.agent_id
            AND ended.lost_reason = 'session_lost'
            AND status.session_lost_at IS NULL
            AND status.last_heartbeat_at IS NOT NULL
            AND status.state NOT IN ('stopping', 'stopped')
            AND status.liveness <> 'unresponsive'
        RETURNING status.agent_id
    )

    SELECT count(*)
    INTO v_lost
    FROM suspected;

    -- Attached again: the suspicion is withdrawn.
    UPDATE health.agent_status AS status
    SET session_lost_at = NULL, next_due_at = p_now
    FROM health.agent_sessions AS sessions
    WHERE sessions.lost_at IS NULL
        AND status.agent_id = sessions.agent_id
        AND status.session_lost_at < sessions.attached_at
        AND status.liveness <> 'unresponsive';
    IF FOUND OR v_lost > 0 THEN
        PERFORM health_internal.look_for_due();
    END IF;
    RETURN v_lost;
END;
$$;
COMMENT ON FUNCTION health_internal.watch_sessions(timestamptz, boolean) IS
'Compares attached sessions with the exclusive advisory locks held by their recorded pids. An agent '
'whose lock is gone is suspected at once (late, and unresponsive after session_grace_seconds), unless '
'it said goodbye, attached again, or all sessions ended together (p_have_all_ended: the server was '
'restarted, which is a monitor gap). Returns how many are newly suspected.';

COMMIT;
