-- From strange points to episodes, of a series and of an agent.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.note_agreement(
    p_now timestamptz,
    p_minute timestamptz,
    p_agent_ids text []
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    WITH agreeing AS (
        SELECT
            episodes.agent_id,
            count(*) AS series_count,
            -- As if they were independent, the chance that all are innocent is a product.
            least(
                1 - exp(sum(ln(greatest(1 - episodes.peak_score, 1e-9)))), 0.999999999
            ) AS score,
            jsonb_object_agg(episodes.metric_name, round(episodes.peak_score::numeric, 3)) AS scores,
            string_agg(episodes.metric_name, ', ' ORDER BY episodes.peak_score DESC) AS names
        FROM health.anomalies AS episodes
        WHERE episodes.ended_at IS NULL
            AND episodes.metric_name IS NOT NULL
            AND episodes.last_seen_at >= p_minute - interval '5 minutes'
            AND episodes.agent_id = ANY (p_agent_ids)
        GROUP BY episodes.agent_id
        HAVING count(*) > 1
    ),

    agents AS (
        SELECT agreeing.*
        FROM agreeing
        INNER JOIN health.agent_status AS status ON agreeing.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        WHERE agreeing.series_count >= greatest(
            policy.anomaly_agreeing_series,
            policy.anomaly_agreeing_share * (
                SELECT count(*) FROM health_internal.series
                WHERE series.agent_id = agreeing.agent_id AND series.is_watched
            )
        )
    )

    INSERT INTO health.anomalies AS known (
        agent_id, metric_name, started_at, last_seen_at, peak_score, reason, details
    )
    SELECT
        agents.agent_id, NULL, p_minute, p_minute, agents.score,
        left(agents.series_count || ' series are strange together: ' || agents.names, 500),
        jsonb_build_object('scores', agents.scores)
    FROM agents
    ON CONFLICT (agent_id, metric_name) WHERE ended_at IS NULL DO UPDATE SET
        last_seen_at = greatest(known.last_seen_at, excluded.last_seen_at),
        point_count = known.point_count
        + CASE WHEN excluded.last_seen_at > known.last_seen_at THEN 1 ELSE 0 END,
        peak_score = greatest(known.peak_score, excluded.peak_score),
        reason = CASE
            WHEN excluded.peak_score >= known.peak_score THEN excluded.reason ELSE known.reason
        END,
        details = CASE
            WHEN excluded.peak_score >= known.peak_score THEN excluded.details ELSE known.details
        END;
$$;
COMMENT ON FUNCTION health_internal.note_agreement(timestamptz, timestamptz, text []) IS
'Opens or continues the episodes of agents several of whose series were strange within 5 minutes before '
'p_minute: at least policies.anomaly_agreeing_series, and anomaly_agreeing_share of its watched ones. '
'Score: 1 - Π (1 - score of each).';

CREATE OR REPLACE FUNCTION health_internal.note_anomalies(
    p_now timestamptz,
    p_minute timestamptz,
    p_points health_internal.strange_point []
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    -- What was quiet for ten minutes is over, what comes now another one.
    UPDATE health.anomalies AS episodes
    SET ended_at = episodes.last_seen_at + interval '1 minute'
    FROM unnest(p_points) AS points
    WHERE episodes.agent_id = points.agent_id
        AND episodes.metric_name = points.metric_name
        AND episodes.ended_at IS NULL
        AND episodes.last_seen_at < p_minute - interval '10 minutes';

    UPDATE health.anomalies AS episodes
    SET
        last_seen_at = p_minute,
        point_count = episodes.point_count + 1,
        peak_score = greatest(episodes.peak_score, points.score),
        peak_value = CASE
            WHEN points.score > episodes.peak_score THEN points.point_value
            ELSE episodes.peak_value
        END,
        expected_low = CASE
            WHEN points.score > episodes.peak_score THEN points.expected_low
            ELSE episodes.expected_low
        END,
        expected_high = CASE
            WHEN points.score > episodes.peak_score THEN points.expected_high
            ELSE episodes.expected_high
        END,
        reason = CASE
            WHEN points.score > episodes.peak_score THEN coalesce(points.reason, episodes.reason)
            ELSE episodes.reason
        END,
        details = jsonb_build_object('last_value', points.point_value, 'last_score', points.score)
    FROM unnest(p_points) AS points
    WHERE episodes.agent_id = points.agent_id
        AND episodes.metric_name = points.metric_name
        AND episodes.ended_at IS NULL
        AND episodes.last_seen_at < p_minute;

    WITH opened AS (
        INSERT INTO health.anomalies (
            agent_id, metric_name, started_at, last_seen_at, peak_score, peak_value, expected_low,
            expected_high, reason, details
        )
        SELECT
            points.agent_id, points.metric_name, p_minute, p_minute, points.score,
            points.point_value, points.expected_low, points.expected_high,
            coalesce(points.reason, 'unlike before'),
            jsonb_build_object('last_value', points.point_value, 'last_score', points.score)
        FROM unnest(p_points) AS points
        WHERE points.is_anomaly
        ON CONFLICT (agent_id, metric_name) WHERE ended_at IS NULL DO NOTHING
        RETURNING anomalies.*
    )

    INSERT INTO health.system_events (agent_id, event_type, severity, event_data, received_at)
    SELECT
        'heartbeat_health_agent', 'anomaly', 'warning',
        jsonb_strip_nulls(jsonb_build_object(
            'agent_id', opened.agent_id, 'metric_name', opened.metric_name,
            'anomaly_id', opened.anomaly_id, 'started_at', opened.started_at,
            'value', opened.peak_value, 'expected_low', opened.expected_low,
            'expected_high', opened.expected_high, 'score', opened.peak_score,
            'reason', opened.reason
        )),
        p_now
    FROM opened;

    PERFORM health_internal.note_agreement(
        p_now, p_minute, ARRAY(SELECT DISTINCT points.agent_id FROM unnest(p_points) AS points)
    );
END;
$$;
COMMENT ON FUNCTION health_internal.note_anomalies(
    timestamptz, timestamptz, health_internal.strange_point []
) IS
'Brings episodes up to date with the strange points of one minute: an anomaly opens one, anything outside '
'its expected range continues one that is open. Each new episode is an event anomaly of the engine.';

CREATE OR REPLACE FUNCTION health_internal.end_anomalies(p_stepped_until timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_count bigint;
BEGIN
    UPDATE health.anomalies AS episodes
    SET ended_at = episodes.last_seen_at + interval '1 minute'
    WHERE episodes.ended_at IS NULL
        AND episodes.last_seen_at < p_stepped_until - interval '10 minutes';
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.end_anomalies(timestamptz) IS
'Ends the episodes that were quiet for ten minutes, when all minutes before p_stepped_until are judged; '
'returns how many.';

COMMIT;
