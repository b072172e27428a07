-- Heartbeats by function, with metrics as JSON. SECURITY INVOKER, so that row-level security holds each login
-- to its agents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.number_of(
    p_metrics jsonb,
    p_name text,
    p_other_name text DEFAULT NULL
)
RETURNS double precision
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_value jsonb := coalesce(p_metrics -> p_name, p_metrics -> p_other_name);
BEGIN
    IF v_value IS NULL OR jsonb_typeof(v_value) = 'null' THEN
        RETURN NULL;
    END IF;
    RETURN (v_value #>> '{}')::double precision;
EXCEPTION
    WHEN invalid_text_representation OR numeric_value_out_of_range THEN
        RAISE EXCEPTION 'metric "%" is not a number: %', p_name, left(v_value::text, 100)
            USING ERRCODE = 'AG002',
                HINT = 'Send a JSON number, or leave the metric out.';
END;
$$;
COMMENT ON FUNCTION health_internal.number_of(jsonb, text, text) IS
'The number under a name (or another name of it) in a JSON object, NULL where it is absent or null. '
'Raises AG002 for anything else.';

CREATE OR REPLACE FUNCTION health_internal.counter_of(p_metrics jsonb, p_name text)
RETURNS bigint
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_number constant double precision := health_internal.number_of(p_metrics, p_name);
BEGIN
    IF v_number IS NULL THEN
        RETURN NULL;
    END IF;
    IF v_number <> trunc(v_number) OR abs(v_number) > 1e18 OR v_number = 'NaN' THEN
        RAISE EXCEPTION 'counter "%" is not a whole number: %', p_name, v_number
            USING ERRCODE = 'AG002',
                HINT = 'Counters count since the agent started: 0, 1, 2, …';
    END IF;
    RETURN v_number::bigint;
END;
$$;
COMMENT ON FUNCTION health_internal.counter_of(jsonb, text) IS
'The whole number under a name in a JSON object, NULL where it is absent. Raises AG002 for anything '
'else.';

CREATE OR REPLACE FUNCTION health.heartbeat(
    p_agent_id text,
    p_state text DEFAULT 'running',
    p_metrics jsonb DEFAULT '{}'
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_flat jsonb;
    v_sent_at timestamptz;
    v_attributes jsonb;
BEGIN
    IF p_metrics IS NOT NULL AND jsonb_typeof(p_metrics) <> 'object' THEN
        RAISE EXCEPTION 'metrics of a heartbeat must be a JSON object, not %', jsonb_typeof(p_metrics)
            USING ERRCODE = 'AG002',
                HINT = 'Send for example {"error_count": 0, "cpu_usage_percent": 12.5}.';
    END IF;
    -- The nested groups of the description this grew from, or all names at one level.
    v_flat := coalesce(p_metrics, '{}')
        - ARRAY['performance_metrics', 'resource_usage', 'business_metrics']
        || CASE jsonb_typeof(p_metrics -> 'performance_metrics')
            WHEN 'object' THEN p_metrics -> 'performance_metrics' ELSE '{}'
        END
        || CASE jsonb_typeof(p_metrics -> 'resource_usage')
            WHEN 'object' THEN p_metrics -> 'resource_usage' ELSE '{}'
        END
        || CASE jsonb_typeof(p_metrics -> 'business_metrics')
            WHEN 'object' THEN p_metrics -> 'business_metrics' ELSE '{}'
        END;
    BEGIN
        v_sent_at := (v_flat ->> 'sent_at')::timestamptz;
    EXCEPTION
        WHEN invalid_datetime_format OR datetime_field_overflow THEN
            RAISE EXCEPTION 'sent_at is not a time: "%"', left(v_flat ->> 'sent_at', 100)
                USING ERRCODE = 'AG002',
                    HINT = 'Send ISO 8601 with a time zone, or leave it out.';
    END;
    v_attributes := v_flat - ARRAY[
        'state', 'sent_at', 'signal', 'run_id', 'work_items_processed',
        'average_processing_time_ms', 'cpu_usage_percent', 'memory_usage_mb', 'memory_limit_mb',
        'error_count', 'cost_efficiency', 'user_satisfaction', 'user_satisfaction_impact',
        'operational_efficiency', 'revenue_impact_usd', 'revenue_impact'
    ];
    INSERT INTO health.agent_heartbeats (
        agent_id, state, sent_at, signal, run_id, work_items_processed,
        average_processing_time_ms, cpu_usage_percent, memory_usage_mb, memory_limit_mb,
        error_count, cost_efficiency, user_satisfaction, operational_efficiency,
        revenue_impact_usd, attributes
    )
    VALUES (
        p_agent_id,
        coalesce(p_state, v_flat ->> 'state', 'running'),
        v_sent_at,
        v_flat ->> 'signal',
        v_flat ->> 'run_id',
        health_internal.counter_of(v_flat, 'work_items_processed'),
        health_internal.number_of(v_flat, 'average_processing_time_ms'),
        health_internal.number_of(v_flat, 'cpu_usage_percent'),
        health_internal.number_of(v_flat, 'memory_usage_mb'),
        health_internal.number_of(v_flat, 'memory_limit_mb'),
        health_internal.counter_of(v_flat, 'error_count'),
        health_internal.number_of(v_flat, 'cost_efficiency'),
        health_internal.number_of(v_flat, 'user_satisfaction', 'user_satisfaction_impact'),
        health_internal.number_of(v_flat, 'operational_efficiency'),
        health_internal.number_of(v_flat, 'revenue_impact_usd', 'revenue_impact'),
        nullif(v_attributes, '{}')
    );
END;
$$;
COMMENT ON FUNCTION health.heartbeat(text, text, jsonb) IS
'One heartbeat with metrics as JSON, flat or nested as performance_metrics, resource_usage and '
'business_metrics: known names go to columns of agent_heartbeats, others to attributes. Raises AG002 '
'for what is not a number and the columns'' domain checks for what is out of range. A plain INSERT '
'is faster and does the same.';

CREATE OR REPLACE FUNCTION health.update_agent_state(p_agent_id text, p_state text)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.agent_heartbeats (agent_id, state) VALUES (p_agent_id, p_state);
$$;
COMMENT ON FUNCTION health.update_agent_state(text, text) IS
'A heartbeat that tells only a state: initializing, active, running, idle, error, failed, stopping '
'or stopped.';
GRANT EXECUTE ON FUNCTION
health_internal.number_of(jsonb, text, text),
health_internal.counter_of(jsonb, text),
health.heartbeat(text, text, jsonb),
health.update_agent_state(text, text)
TO health_agent, health_bridge, health_admin;

CREATE OR REPLACE FUNCTION health.bridge_heartbeat(p_worker text, p_metrics jsonb DEFAULT '{}')
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF p_worker IS NULL OR NOT starts_with(p_worker, 'bridge:') THEN
        RAISE EXCEPTION 'worker "%" is no bridge', coalesce(p_worker, 'NULL')
            USING ERRCODE = 'AG006',
                HINT = 'Bridges are called bridge:NAME, for example bridge:main.';
    END IF;
    IF NOT EXISTS (SELECT FROM health.agents WHERE agents.agent_id = p_worker) THEN
        PERFORM health.register_agent(p_worker, NULL, 'bridge', interval '10 seconds');
    END IF;
    PERFORM health.heartbeat(p_worker, NULL, p_metrics);
END;
$$;
COMMENT ON FUNCTION health.bridge_heartbeat(text, jsonb) IS
'The bridge beats as an agent like any other, called bridge:NAME; it registers itself. p_metrics as '
'in heartbeat(). Raises AG006 for another name.';
GRANT EXECUTE ON FUNCTION health.bridge_heartbeat(text, jsonb) TO health_bridge;

COMMIT;
