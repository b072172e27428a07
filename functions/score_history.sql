-- The score over time: sample_scores writes what has changed, score_between reads it component by component.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.has_moved(p_before real, p_now double precision)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN coalesce(abs(p_now - p_before) >= 0.5, p_before IS NOT NULL OR p_now IS NOT NULL);
COMMENT ON FUNCTION health_internal.has_moved(real, double precision) IS
'Whether a score or component differs from its last sample by half a point or more, or only one is known.';

CREATE OR REPLACE FUNCTION health_internal.sample_scores(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET jit = off
-- The day's new partition has no statistics: without this it is read through for each agent.
SET enable_sort = off
AS $$
DECLARE
    v_started constant timestamptz := clock_timestamp();
    v_count bigint;
BEGIN
    INSERT INTO health.score_history (
        sampled_at, policy_id, score, gate, heartbeat_consistency, performance_metrics, error_rate,
        resource_efficiency, business_impact, agent_id
    )
    SELECT
        p_now, status.policy_id, status.score, status.gate, status.heartbeat_consistency,
        status.performance_metrics, status.error_rate, status.resource_efficiency,
        status.business_impact, status.agent_id
    FROM health.agent_status AS status
    -- One probe of the key for each agent: nothing about the last sample has to be kept elsewhere.
    LEFT JOIN LATERAL (
        SELECT history.*
        FROM health.score_history AS history
        WHERE history.agent_id = status.agent_id
            AND history.sampled_at > p_now - interval '1 hour'
            AND history.sampled_at <= p_now
        ORDER BY history.sampled_at DESC
        LIMIT 1
    ) AS before ON true
    WHERE status.score IS NOT NULL
        AND (
            before.sampled_at IS NULL
            OR (
                before.sampled_at < p_now
                AND (
                    before.policy_id IS DISTINCT FROM status.policy_id
                    OR before.gate IS DISTINCT FROM status.gate::real
                    OR health_internal.has_moved(before.score, status.score)
                    OR health_internal.has_moved(
                        before.heartbeat_consistency, status.heartbeat_consistency
                    )
                    OR health_internal.has_moved(
                        before.performance_metrics, status.performance_metrics
                    )
                    OR health_internal.has_moved(before.error_rate, status.error_rate)
                    OR health_internal.has_moved(
                        before.resource_efficiency, status.resource_efficiency
                    )
                    OR health_internal.has_moved(before.business_impact, status.business_impact)
                )
            )
        );
    GET DIAGNOSTICS v_count = ROW_COUNT;
    UPDATE health_internal.foresight_parts AS parts
    SET period = least(interval '1 hour', greatest(
        settings.score_period,
        100 * (clock_timestamp() - v_started),
        v_count / settings.score_rows_per_hour * interval '1 hour'
    ))
    FROM health.settings
    WHERE parts.part = 'sample_scores';
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.sample_scores(timestamptz) IS
'Part of run_foresight: a row of score_history for each agent whose score, gate, policy or a component has '
'changed since its last sample, or whose last one is an hour old; returns how many. The next sample follows '
'after settings.score_period, or later: after a hundred times as long as this one took, or as long as '
'settings.score_rows_per_hour gives its rows, at most after an hour; foresight_health.period says when.';

CREATE OR REPLACE FUNCTION health.score_between(
    p_agent_id text,
    p_from timestamptz,
    p_to timestamptz,
    p_step interval DEFAULT '1 minute',
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS TABLE (
    at timestamptz,
    component text,
    weight double precision,
    value double precision,
    contribution double precision
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_to constant timestamptz := health_internal.check_period(p_from, p_to, p_now);
BEGIN
    PERFORM health_internal.check_visible(p_agent_id);
    IF NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    IF p_step IS NULL OR p_step < interval '1 second' OR p_from + 10000 * p_step < v_to THEN
        RAISE EXCEPTION 'a step of % does not fit the period', coalesce(p_step::text, 'NULL')
            USING ERRCODE = 'BI005',
                DETAIL = format('The period lasts %s; it may have 10000 steps of at least a second.',
                    v_to - p_from),
                HINT = 'Ask for longer steps: interval ''5 minutes'' does for a month.';
    END IF;
    RETURN QUERY
    SELECT
        steps.at,
        parts.component,
        parts.weight,
        parts.value,
        CASE
            -- As the engine reckons it, so that the contributions sum to the score.
            WHEN parts.place = 6 THEN least(0, chosen.gate - judged.mean)
            ELSE coalesce(parts.value * parts.weight / judged.known_weights, 0)
        END
    FROM generate_series(p_from, v_to - interval '1 microsecond', p_step) AS steps (at)
    CROSS JOIN LATERAL (
        SELECT kept.*
        FROM (
            -- The worst sample of the step, so that a long step hides no dip …
            (
                SELECT 1 AS place, samples.*
                FROM health.score_history AS samples
                WHERE samples.agent_id = p_agent_id
                    AND samples.sampled_at >= steps.at
                    AND samples.sampled_at < least(steps.at + p_step, v_to)
                ORDER BY samples.score, samples.sampled_at
                LIMIT 1
            )
            UNION ALL
            -- … else the one that still holds: there is one an hour, and samples may be an hour apart.
            (
                SELECT 2, samples.*
                FROM health.score_history AS samples
                WHERE samples.agent_id = p_agent_id
                    AND samples.sampled_at < steps.at
                    AND samples.sampled_at >= steps.at - interval '2 hours'
                ORDER BY samples.sampled_at DESC
                LIMIT 1
            )
        ) AS kept
        ORDER BY kept.place
        LIMIT 1
    ) AS chosen
    INNER JOIN health.policies AS policy ON chosen.policy_id = policy.policy_id
    CROSS JOIN LATERAL (
        SELECT
            health_internal.weighted_mean(
                chosen.heartbeat_consistency, policy.weight_heartbeat_consistency,
                chosen.performance_metrics, policy.weight_performance_metrics,
                chosen.error_rate, policy.weight_error_rate,
                chosen.resource_efficiency, policy.weight_resource_efficiency,
                chosen.business_impact, policy.weight_business_impact
            ) AS mean,
            nullif(
                health_internal.known_weight(
                    policy.weight_heartbeat_consistency, chosen.heartbeat_consistency
                )
                + health_internal.known_weight(
                    policy.weight_performance_metrics, chosen.performance_metrics
                )
                + health_internal.known_weight(policy.weight_error_rate, chosen.error_rate)
                + health_internal.known_weight(
                    policy.weight_resource_efficiency, chosen.resource_efficiency
                )
                + health_internal.known_weight(
                    policy.weight_business_impact, chosen.business_impact
                ),
                0
            ) AS known_weights
    ) AS judged
    CROSS JOIN LATERAL (
        VALUES
        (
            1, 'heartbeat_consistency', policy.weight_heartbeat_consistency,
            chosen.heartbeat_consistency::double precision
        ),
        (2, 'performance_metrics', policy.weight_performance_metrics, chosen.performance_metrics),
        (3, 'error_rate', policy.weight_error_rate, chosen.error_rate),
        (4, 'resource_efficiency', policy.weight_resource_efficiency, chosen.resource_efficiency),
        (5, 'business_impact', policy.weight_business_impact, chosen.business_impact),
        (6, 'gate', NULL, least(judged.mean, chosen.gate))
    ) AS parts (place, component, weight, value)
    ORDER BY steps.at, parts.place;
END;
$$;
COMMENT ON FUNCTION health.score_between(text, timestamptz, timestamptz, interval, timestamptz) IS
'An agent''s score over time in explain''s words, by score_history: for each step its five components '
'(weight, value 0..100, contribution) and a row gate, whose value is the score and whose contribution is '
'what the gate took away, so that the contributions of a step sum to its score. A step shows the lowest '
'sample in it, else the one that still holds; one without either has no rows. Raises AG001 for an unknown '
'agent, BI001 for a period that makes no range, BI005 for a step under a second or more than 10000 steps.';

GRANT EXECUTE ON FUNCTION
health.score_between(text, timestamptz, timestamptz, interval, timestamptz)
TO health_analyst, health_bridge;

COMMIT;
