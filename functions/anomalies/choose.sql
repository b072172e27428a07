-- What people say about which series are watched, beside policy.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.set_watched(
    p_agent_id text,
    p_metric_name text,
    p_is_watched boolean,
    p_now timestamptz
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_source text := 'metric';
    v_series_id bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM health.agent_status AS status WHERE status.agent_id = p_agent_id) THEN
        RAISE EXCEPTION 'agent "%" is not known', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents; one registered just now '
                    'is known after the next tick.';
    END IF;
    IF p_metric_name = ANY (health_internal.heartbeat_gauges()) THEN
        v_source := 'heartbeat';
    ELSIF NOT EXISTS (
        SELECT FROM health_internal.metric_series AS known
        WHERE known.agent_id = p_agent_id AND known.metric_name = p_metric_name
    ) THEN
        RAISE EXCEPTION 'agent "%" has no series "%"', p_agent_id, p_metric_name
            USING ERRCODE = 'SE002',
                HINT = 'SELECT metric_name FROM health.series WHERE agent_id = … lists them; a metric is '
                    'known after the first tick that folds a value of it.';
    END IF;
    INSERT INTO health_internal.series AS known (
        agent_id, metric_name, source, is_watched, is_counter, enrolled_by, enrolled_at
    )
    VALUES (
        p_agent_id, p_metric_name, v_source, p_is_watched,
        health_internal.is_counter_name(p_metric_name), session_user, p_now
    )
    ON CONFLICT (agent_id, metric_name) DO UPDATE SET
        is_watched = excluded.is_watched,
        enrolled_by = excluded.enrolled_by,
        enrolled_at = excluded.enrolled_at
    RETURNING known.series_id INTO v_series_id;
    IF p_is_watched THEN
        INSERT INTO health_internal.series_states (series_id)
        VALUES (v_series_id)
        ON CONFLICT (series_id) DO NOTHING;
    ELSE
        DELETE FROM health_internal.series_states AS states WHERE states.series_id = v_series_id;
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.set_watched(text, text, boolean, timestamptz) IS
'Watches a series, or no longer. Raises AG001 for an unknown agent, SE002 for a metric it never sent.';

CREATE OR REPLACE FUNCTION health.watch_series(
    p_agent_id text,
    p_metric_name text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM health_internal.be_brief();
    PERFORM health_internal.set_watched(p_agent_id, p_metric_name, true, p_now);
END;
$$;
COMMENT ON FUNCTION health.watch_series(text, text, timestamptz) IS
'Watches a series for anomalies, whatever policy and limits say, until unwatch_series. p_metric_name: a '
'gauge of agent_heartbeats or a name of performance_metrics. Raises AG001 for an unknown agent, SE002 for '
'a metric it never sent.';

CREATE OR REPLACE FUNCTION health.unwatch_series(
    p_agent_id text,
    p_metric_name text,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM health_internal.be_brief();
    PERFORM health_internal.set_watched(p_agent_id, p_metric_name, false, p_now);
END;
$$;
COMMENT ON FUNCTION health.unwatch_series(text, text, timestamptz) IS
'Takes a series out of the watch for anomalies, until watch_series; its baseline and episodes stay. Raises '
'AG001 for an unknown agent, SE002 for a metric it never sent.';

GRANT EXECUTE ON FUNCTION
health.watch_series(text, text, timestamptz),
health.unwatch_series(text, text, timestamptz) TO health_operator;

COMMIT;
