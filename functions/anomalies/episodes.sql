-- From strange points to episodes, of a series and of an agent.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.note_surprises(
    p_agent_ids text [],
    p_metric_names text [],
    p_surprises double precision [],
    p_distances double precision [],
    p_minute timestamptz
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health_internal.agent_surprises AS known (
        agent_id, minute_at, surprise, distance, series_count, series_surprises
    )
    SELECT
        points.agent_id,
        p_minute,
        sum(points.surprise),
        sum(points.distance),
        count(*),
        coalesce(
            jsonb_object_agg(points.metric_name, round(points.surprise::numeric, 1))
            FILTER (WHERE points.surprise >= 3),
            '{}'
        )
    FROM unnest(p_agent_ids, p_metric_names, p_surprises, p_distances)
        AS points (agent_id, metric_name, surprise, distance)
    WHERE points.surprise IS NOT NULL
    GROUP BY points.agent_id
    ON CONFLICT (agent_id) DO UPDATE SET
        minute_at = excluded.minute_at,
        is_judged = false,
        -- A minute of many series is judged in several batches.
        surprise = excluded.surprise + CASE
            WHEN known.minute_at = excluded.minute_at THEN known.surprise ELSE 0
        END,
        distance = excluded.distance + CASE
            WHEN known.minute_at = excluded.minute_at THEN known.distance ELSE 0
        END,
        series_count = excluded.series_count + CASE
            WHEN known.minute_at = excluded.minute_at THEN known.series_count ELSE 0
        END,
        series_surprises = excluded.series_surprises || CASE
            WHEN known.minute_at = excluded.minute_at THEN known.series_surprises ELSE '{}'
        END;
$$;
COMMENT ON FUNCTION health_internal.note_surprises(
    text [], text [], double precision [], double precision [], timestamptz
) IS
'Adds the surprises and distances of some series in one minute to those of their agents; judge_surprises follows when the '
'minute is whole.';

CREATE OR REPLACE FUNCTION health_internal.judge_surprises(p_stepped_until timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_count bigint;
BEGIN
    -- What was quiet for ten minutes is over, what comes now another one.
    UPDATE health.anomalies AS episodes
    SET ended_at = episodes.last_seen_at + interval '1 minute'
    FROM health_internal.agent_surprises AS surprises
    WHERE episodes.agent_id = surprises.agent_id
        AND episodes.metric_name IS NULL
        AND episodes.ended_at IS NULL
        AND episodes.last_seen_at < surprises.minute_at - interval '10 minutes'
        AND NOT surprises.is_judged
        AND surprises.minute_at < p_stepped_until;

    WITH judged AS MATERIALIZED (
        SELECT surprises.agent_id, surprises.minute_at, surprises.series_surprises, said.*
        FROM health_internal.agent_surprises AS surprises
        CROSS JOIN LATERAL health_internal.detect_agent(
            surprises.state, surprises.minute_at, surprises.surprise, surprises.distance,
            surprises.series_count
        ) AS said
        WHERE NOT surprises.is_judged AND surprises.minute_at < p_stepped_until
    ),

    written AS (
        UPDATE health_internal.agent_surprises AS surprises
        SET is_judged = true, state = judged.state
        FROM judged
        WHERE surprises.agent_id = judged.agent_id
    )

    INSERT INTO health.anomalies AS known (
        agent_id, metric_name, started_at, last_seen_at, peak_score, reason, details
    )
    SELECT
        judged.agent_id, NULL, judged.minute_at, judged.minute_at,
        least(judged.score, 0.999999999),
        health_internal.agent_reason(true, judged.times, ARRAY(
            SELECT series.key
            FROM jsonb_each_text(judged.series_surprises) AS series
            ORDER BY series.value::double precision DESC, series.key
        )),
        jsonb_build_object('surprises', judged.series_surprises)
    FROM judged
    WHERE judged.is_anomaly
    ON CONFLICT (agent_id, metric_name) WHERE ended_at IS NULL DO UPDATE SET
        last_seen_at = excluded.last_seen_at,
        point_count = known.point_count + 1,
        peak_score = greatest(known.peak_score, excluded.peak_score),
        reason = CASE
            WHEN excluded.peak_score >= known.peak_score THEN excluded.reason ELSE known.reason
        END,
        details = CASE
            WHEN excluded.peak_score >= known.peak_score THEN excluded.details ELSE known.details
        END;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.judge_surprises(timestamptz) IS
'Takes the minutes of agents all of whose series are judged, those before p_stepped_until, through '
'detect_agent; opens or continues their episodes. Returns how many agents are strange.';

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
