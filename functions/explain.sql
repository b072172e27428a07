-- explain: why an agent has the score it has, one row per component and one for the gate.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.explain(p_agent_id text)
RETURNS TABLE (
    component text,
    weight double precision,
    raw_inputs jsonb,
    value double precision,
    contribution double precision,
    gate double precision,
    policy_version integer
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM health_internal.check_visible(p_agent_id);
    IF NOT EXISTS (SELECT FROM health.agent_status AS status WHERE status.agent_id = p_agent_id)
    THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents; one registered just now '
                    'is known after the next tick.';
    END IF;
    RETURN QUERY
    WITH judged AS (
        SELECT
            status.*,
            policy.version,
            policy.weight_heartbeat_consistency,
            policy.weight_performance_metrics,
            policy.weight_error_rate,
            policy.weight_resource_efficiency,
            policy.weight_business_impact,
            health_internal.known_weight(
                policy.weight_heartbeat_consistency, status.heartbeat_consistency
            )
            + health_internal.known_weight(
                policy.weight_performance_metrics, status.performance_metrics
            )
            + health_internal.known_weight(policy.weight_error_rate, status.error_rate)
            + health_internal.known_weight(
                policy.weight_resource_efficiency, status.resource_efficiency
            )
            + health_internal.known_weight(policy.weight_business_impact, status.business_impact)
                AS known_weights
        FROM health.agent_status AS status
        LEFT JOIN health.policies AS policy ON status.policy_id = policy.policy_id
        WHERE status.agent_id = p_agent_id
    ),

    components AS (
        SELECT
            parts.place,
            parts.component,
            parts.weight,
            jsonb_strip_nulls(parts.raw_inputs) AS raw_inputs,
            parts.value,
            coalesce(parts.value * parts.weight / nullif(judged.known_weights, 0), 0)
                AS contribution,
            judged.gate,
            judged.version
        FROM judged
        CROSS JOIN LATERAL (
            VALUES
            (
                1, 'heartbeat_consistency', judged.weight_heartbeat_consistency,
                jsonb_build_object(
                    'silent_seconds', judged.silent_seconds,
                    'last_heartbeat_at', judged.last_heartbeat_at,
                    'expected_interval_seconds', judged.expected_interval_seconds,
                    'learnt_interval_seconds', judged.learnt_interval_seconds,
                    'late_after_intervals', judged.late_intervals,
                    'unresponsive_after_intervals', judged.unresponsive_intervals,
                    'grace_seconds', judged.grace_seconds,
                    'job_standing', CASE
                        WHEN judged.grace_seconds >= 1e9
                            THEN coalesce(health_internal.job_standing(judged.agent_id), 'good')
                    END,
                    'decayed_gap_count', judged.gap_weight,
                    'decayed_gap_seconds', judged.gap_sum,
                    'decayed_gap_square_seconds', judged.gap_square_sum,
                    'session_lost_at', judged.session_lost_at
                ),
                judged.heartbeat_consistency
            ),
            (
                2, 'performance_metrics', judged.weight_performance_metrics,
                jsonb_build_object(
                    'processing_time_ms', judged.processing_mean_ms,
                    'processing_time_slo_ms', judged.latency_slo_ms,
                    'processing_time_baseline_ms', judged.baseline_processing_ms,
                    'beat_count', judged.beat_count,
                    'is_counting_items', judged.work_items_processed IS NOT NULL,
                    'items_per_minute',
                    60 * judged.recent_item_sum / nullif(judged.gap_sum, 0),
                    'items_per_minute_slo', judged.throughput_slo_per_minute,
                    'items_per_minute_baseline',
                    60 * judged.baseline_item_sum / nullif(judged.baseline_seconds, 0),
                    'baseline_seconds', judged.baseline_seconds
                ),
                judged.performance_metrics
            ),
            (
                3, 'error_rate', judged.weight_error_rate,
                jsonb_build_object(
                    'decayed_errors', judged.error_sum,
                    'decayed_items', judged.item_sum,
                    'run_seconds',
                    date_part('epoch', judged.last_heartbeat_at - judged.run_started_at),
                    'error_count', judged.error_count
                ),
                judged.error_rate
            ),
            (
                4, 'resource_efficiency', judged.weight_resource_efficiency,
                jsonb_build_object(
                    'cpu_percent', judged.cpu_mean_percent,
                    'memory_usage_mb', judged.memory_usage_mb,
                    'memory_limit_mb', judged.memory_limit_mb,
                    'memory_mean_10_min_mb', judged.memory_mean_mb,
                    'memory_mean_60_min_mb', judged.slow_memory_mean_mb,
                    'run_seconds',
                    date_part('epoch', judged.last_heartbeat_at - judged.run_started_at)
                ),
                judged.resource_efficiency
            ),
            (
                5, 'business_impact', judged.weight_business_impact,
                jsonb_build_object(
                    'cost_efficiency', judged.cost_efficiency,
                    'user_satisfaction', judged.user_satisfaction,
                    'operational_efficiency', judged.operational_efficiency,
                    'revenue_impact_usd', judged.revenue_impact_usd
                ),
                judged.business_impact
            ),
            (
                6, 'gate', NULL,
                jsonb_build_object(
                    'liveness', judged.liveness,
                    'state', judged.state,
                    'ungated_score', judged.ungated_score,
                    'score', judged.score
                ),
                judged.score
            )
        ) AS parts (place, component, weight, raw_inputs, value)
    )

    SELECT
        explained.component,
        explained.weight,
        explained.raw_inputs,
        explained.value,
        explained.contribution,
        explained.gate,
        explained.version
    FROM (
        SELECT
            components.place,
            components.component,
            components.weight,
            components.raw_inputs || CASE
                WHEN components.place < 6 AND components.value IS NULL
                    THEN '{"note": "no data: its weight is shared among the others"}'::jsonb
                ELSE '{}'::jsonb
            END,
            components.value,
            CASE
                -- What the gate takes away, so that the contributions sum to the score.
                WHEN components.place = 6 THEN coalesce(
                    components.value - sum(components.contribution) FILTER (WHERE components.place < 6)
                        OVER (),
                    0
                )
                ELSE components.contribution
            END,
            CASE WHEN components.place = 6 THEN components.gate END,
            components.version
        FROM components
        UNION ALL
        -- What takes no part in the score, where there is something to say.
        SELECT 7, foreseen.component, NULL, foreseen.raw_inputs, NULL, 0, NULL, judged.version
        FROM judged
        CROSS JOIN LATERAL (
            SELECT strange.component, strange.raw_inputs
            FROM health_internal.explain_anomalies(p_agent_id) AS strange
            UNION ALL
            SELECT risks.component, risks.raw_inputs
            FROM health_internal.explain_prediction(p_agent_id) AS risks
            WHERE (risks.raw_inputs ->> 'is_at_risk')::boolean
        ) AS foreseen
    ) AS explained (place, component, weight, raw_inputs, value, contribution, gate, version)
    ORDER BY explained.place, explained.component;
END;
$$;
COMMENT ON FUNCTION health.explain(text) IS
'One row per component (weight, raw inputs, value 0..100, contribution to the score) and a row gate '
'that holds score - weighted mean, so that the contributions sum to the score. As judged last. Further '
'rows, of contribution 0, where there is something to tell: anomalies (open episodes with what was seen and '
'expected) and predicted_failure (probability, threshold, reasons). Raises AG001 for an unknown agent.';

GRANT EXECUTE ON FUNCTION health.explain(text) TO health_analyst, health_bridge;

COMMIT;
