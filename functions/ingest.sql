-- What agents call. SECURITY INVOKER, so that row-level security holds each login to its agents.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health.register_agent(
    p_agent_id text,
    p_agent_name text DEFAULT NULL,
    p_agent_type text DEFAULT NULL,
    p_expected_interval interval DEFAULT NULL,
    p_capabilities jsonb DEFAULT NULL,
    p_policy_class text DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.agents AS agents (
        agent_id, agent_name, agent_type, expected_interval, capabilities, policy_class
    )
    VALUES (
        p_agent_id,
        coalesce(p_agent_name, p_agent_id),
        p_agent_type,
        p_expected_interval,
        coalesce(p_capabilities, '{}'),
        coalesce(p_policy_class, 'standard')
    )
    ON CONFLICT (agent_id) DO UPDATE SET
        agent_name = coalesce(p_agent_name, agents.agent_name),
        agent_type = coalesce(p_agent_type, agents.agent_type),
        expected_interval = coalesce(p_expected_interval, agents.expected_interval),
        capabilities = coalesce(p_capabilities, agents.capabilities),
        policy_class = coalesce(p_policy_class, agents.policy_class),
        updated_at = clock_timestamp();
$$;
COMMENT ON FUNCTION health.register_agent(text, text, text, interval, jsonb, text) IS
'Registers an agent, or changes what is given of one already registered; what is NULL stays. The '
'next tick watches it. p_expected_interval: between heartbeats, 100 ms to 366 days; without it 30 s '
'are assumed and the real one is learnt. p_policy_class must exist in health.policies (AG004).';

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

CREATE OR REPLACE FUNCTION health.log_performance_metric(
    p_agent_id text,
    p_metric_name text,
    p_metric_value double precision,
    p_unit text DEFAULT NULL,
    p_recorded_at timestamptz DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.performance_metrics (agent_id, metric_name, metric_value, unit, recorded_at)
    VALUES (p_agent_id, p_metric_name, p_metric_value, p_unit, p_recorded_at);
$$;
COMMENT ON FUNCTION health.log_performance_metric(
    text, text, double precision, text, timestamptz
) IS
'One value of a series, finite, in p_unit. p_recorded_at: the agent''s clock, within a day of now.';

CREATE OR REPLACE FUNCTION health.log_system_event(
    p_agent_id text,
    p_event_type text,
    p_severity text DEFAULT 'info',
    p_event_data jsonb DEFAULT '{}',
    p_occurred_at timestamptz DEFAULT NULL
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, occurred_at)
    VALUES (
        p_agent_id, p_event_type, lower(coalesce(p_severity, 'info')),
        coalesce(p_event_data, '{}'), p_occurred_at
    );
$$;
COMMENT ON FUNCTION health.log_system_event(text, text, text, jsonb, timestamptz) IS
'One event with its facts. Severities error, critical and emergency of an agent lower its error_rate '
'component. p_occurred_at: the agent''s clock, within a day of now.';

CREATE OR REPLACE FUNCTION health.attach(p_agent_id text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_agent_number bigint;
    v_session health.agent_sessions;
BEGIN
    SELECT agents.agent_number
    INTO v_agent_number
    FROM health.agents
    WHERE agents.agent_id = p_agent_id;
    IF v_agent_number IS NULL THEN
        RAISE EXCEPTION 'agent "%" is not registered', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'Call health.register_agent first.';
    END IF;
    SELECT sessions.*
    INTO v_session
    FROM health.agent_sessions AS sessions
    WHERE sessions.agent_id = p_agent_id AND sessions.lost_at IS NULL
    ORDER BY sessions.session_id DESC
    LIMIT 1;
    IF v_session.pid = pg_backend_pid() AND EXISTS (
        SELECT FROM pg_locks AS locks
        WHERE locks.pid = pg_backend_pid()
            AND locks.locktype = 'advisory'
            AND locks.objsubid = 1
            AND (locks.classid::bigint << 32) | locks.objid::bigint = v_agent_number
            AND locks.granted
    ) THEN
        RETURN v_agent_number;
    END IF;
    IF NOT pg_try_advisory_lock(v_agent_number) THEN
        RAISE EXCEPTION 'agent "%" is attached by another session', p_agent_id
            USING ERRCODE = 'AG003',
                DETAIL = format('This session is pid %s.', pg_backend_pid()),
                HINT = 'Either a second copy of the agent runs, or the connection goes through a '
                    'pooler: attach needs a direct connection of its own. After a network cut the '
                    'old session ends within seconds; try again then.';
    END IF;
    -- A dead or cut-off client is noticed within seconds, also while a query runs.
    PERFORM set_config('client_connection_check_interval', '500ms', false);
    PERFORM set_config('tcp_keepalives_idle', '1', false);
    PERFORM set_config('tcp_keepalives_interval', '1', false);
    PERFORM set_config('tcp_keepalives_count', '2', false);
    INSERT INTO health.agent_sessions (agent_id, agent_number)
    VALUES (p_agent_id, v_agent_number);
    RETURN v_agent_number;
END;
$$;
COMMENT ON FUNCTION health.attach(text) IS
'Ties the agent to this session by an advisory lock on its number: when the session ends, however, '
'the next tick knows, without waiting for a missed heartbeat. Holding it never extends a deadline. '
'Call it twice: behind a pooler the second call fails. Returns the agent''s number. Raises AG001 for '
'an unregistered agent, AG003 while another session holds it.';

GRANT EXECUTE ON FUNCTION
health.register_agent(text, text, text, interval, jsonb, text),
health_internal.number_of(jsonb, text, text),
health_internal.counter_of(jsonb, text),
health.heartbeat(text, text, jsonb),
health.update_agent_state(text, text),
health.log_performance_metric(text, text, double precision, text, timestamptz),
health.log_system_event(text, text, text, jsonb, timestamptz),
health.attach(text)
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
