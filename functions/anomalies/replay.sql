-- The detector over stored history: replay_anomalies for one series, replay_agent_anomalies for all
-- series of an agent together. The step is the one the live fold takes.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.check_replay_range(
    p_from timestamptz,
    p_to timestamptz
)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF p_from > p_to THEN
        RAISE EXCEPTION 'a replay must go from one time to a later one'
            USING ERRCODE = 'AN001',
                DETAIL = format('Asked for %s to %s.', p_from, p_to),
                HINT = 'Exchange the two times; NULL means from the first or to the last stored row.';
    END IF;
END;
$$;
COMMENT ON FUNCTION health_internal.check_replay_range(timestamptz, timestamptz) IS
'Raises AN001 where a replay would end before it begins.';

CREATE OR REPLACE FUNCTION health.replay_anomalies(
    p_agent_id text,
    p_metric_name text,
    p_from timestamptz DEFAULT NULL,
    p_to timestamptz DEFAULT NULL
)
RETURNS TABLE (
    recorded_at timestamptz,
    metric_value double precision,
    anomaly_score double precision,
    is_anomaly boolean,
    expected_low double precision,
    expected_high double precision,
    reason text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_series record;
BEGIN
    PERFORM health_internal.check_visible(p_agent_id);
    PERFORM health_internal.check_replay_range(p_from, p_to);
    FOR v_series IN
        SELECT series.at, series.metric_value
        FROM health_internal.series_until(
            p_agent_id, coalesce(p_metric_name, ''), coalesce(p_to, 'infinity')
        ) AS series
    LOOP
        RETURN QUERY
        SELECT
            points.point_at,
            points.point_value,
            points.score,
            points.is_anomaly,
            points.expected_low,
            points.expected_high,
            points.reason
        FROM ROWS FROM (
            unnest(v_series.at),
            unnest(v_series.metric_value),
            health_internal.detect_series(NULL, v_series.at, v_series.metric_value)
        ) AS points (
            point_at, point_value, state, score, is_anomaly, expected_low, expected_high, reason,
            surprise, distance
        )
        WHERE p_from IS NULL OR points.point_at >= p_from;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION health.replay_anomalies(text, text, timestamptz, timestamptz) IS
'What the detector says of each stored point of a series between two times (both included; NULL: all), '
'oldest first. It warms up on every row stored before p_from. p_metric_name: a series of '
'performance_metrics, or a number of the heartbeats by its column (average_processing_time_ms, '
'cpu_usage_percent, memory_usage_mb, cost_efficiency, user_satisfaction, operational_efficiency, '
'revenue_impact_usd; of work_items_processed and error_count what came since the beat before). A metric whose '
'name ends in _total is judged, and given, as its growth per minute; its first point and one at which it fell '
'have no row. Nothing is resampled, except that a series of more than 1.1 points a minute is judged, and given, as means per '
'minute. anomaly_score: 0 to below 1, 0.5 is the bar; 0 while the first 150 points are learnt. A point '
'at the same time as the one before is given with score 0 and the reason ignored. No row for an unknown '
'agent or series. It reads the raw tables, which have no index by agent: seconds for millions of rows. '
'Raises AN001 where p_to is before p_from.';

CREATE OR REPLACE FUNCTION health.replay_agent_anomalies(
    p_agent_id text,
    p_from timestamptz DEFAULT NULL,
    p_to timestamptz DEFAULT NULL
)
RETURNS TABLE (
    recorded_at timestamptz,
    anomaly_score double precision,
    is_anomaly boolean,
    metric_names text [],
    reason text
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
    v_minute record;
    v_agent health_internal.agent_detection;
BEGIN
    PERFORM health_internal.check_visible(p_agent_id);
    PERFORM health_internal.check_replay_range(p_from, p_to);
    FOR v_minute IN
        WITH judged AS MATERIALIZED (
            SELECT
                date_bin('1 minute', points.point_at, timestamptz 'epoch') AS minute,
                series.metric_name,
                max(points.surprise) AS surprise,
                max(points.distance) AS distance
            FROM health_internal.series_until(
                p_agent_id, NULL, coalesce(p_to, 'infinity')
            ) AS series
            CROSS JOIN LATERAL ROWS FROM (
                unnest(series.at),
                unnest(series.metric_value),
                health_internal.detect_series(NULL, series.at, series.metric_value)
            ) AS points (
                point_at, point_value, state, score, is_anomaly, expected_low, expected_high, reason,
                surprise, distance
            )
            GROUP BY 1, 2
        )

        SELECT
            judged.minute,
            sum(judged.surprise) AS surprise,
            sum(judged.distance) AS distance,
            count(judged.surprise) AS series_count,
            coalesce(
                array_agg(judged.metric_name ORDER BY judged.surprise DESC, judged.metric_name)
                FILTER (WHERE judged.surprise >= 3),
                '{}'
            ) AS names
        FROM judged
        GROUP BY judged.minute
        ORDER BY judged.minute
    LOOP
        v_agent := health_internal.detect_agent(
            v_agent.state, v_minute.minute, v_minute.surprise, v_minute.distance,
            v_minute.series_count
        );
        CONTINUE WHEN v_minute.minute < date_bin('1 minute', p_from, timestamptz 'epoch');
        recorded_at := v_minute.minute;
        anomaly_score := v_agent.score;
        is_anomaly := v_agent.is_anomaly;
        metric_names := v_minute.names;
        reason := health_internal.agent_reason(v_agent.is_anomaly, v_agent.times, v_minute.names);
        RETURN NEXT;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION health.replay_agent_anomalies(text, timestamptz, timestamptz) IS
'The agent over all its series: one row per minute with values between two times (both included; NULL: '
'all), after warming up on every row stored before. The rule is health_internal.detect_agent, which the '
'live watch takes as well. anomaly_score: 0 to below 1, 0.5 is the bar; 0 for the first 150 judged minutes. '
'metric_names: the series with a surprise of at least 3, strangest first. Raises AN001 where p_to is '
'before p_from.';

GRANT EXECUTE ON FUNCTION
health.replay_anomalies(text, text, timestamptz, timestamptz),
health.replay_agent_anomalies(text, timestamptz, timestamptz) TO health_analyst;

COMMIT;
