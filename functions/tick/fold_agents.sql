-- Whom the tick watches: configuration that changed, agents that beat without having registered, agents that
-- were removed.
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
    -- It would restart what nobody wants any more; a bridge that is at it learns that it has lost it.
    UPDATE health.recovery_actions
    SET
        state = 'cancelled',
        hold = NULL,
        hold_reason = NULL,
        fencing_token = nextval('health_internal.fencing_tokens'),
        lease_until = NULL,
        finished_at = clock_timestamp(),
        settled_at = clock_timestamp(),
        outcome = recovery_actions.outcome || '{"reason": "the agent was removed"}'
    WHERE recovery_actions.agent_id = ANY (p_agent_ids) AND recovery_actions.finished_at IS NULL;
$$;
COMMENT ON FUNCTION health_internal.forget_agents(text []) IS
'Ends the watch over agents that were removed from agents: their state, series, findings and open '
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

COMMIT;
