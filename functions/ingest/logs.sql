-- What agents log: metrics and events. SECURITY INVOKER, so that row-level security holds each login to its
-- agents.
BEGIN;

SET LOCAL ROLE health_owner;

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
GRANT EXECUTE ON FUNCTION
health.log_performance_metric(text, text, double precision, text, timestamptz),
health.log_system_event(text, text, text, jsonb, timestamptz)
TO health_agent, health_bridge, health_admin;

COMMIT;
