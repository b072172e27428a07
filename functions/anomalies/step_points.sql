-- From waiting values to points: one minute of some series through detector, baseline and episodes.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.step_points(
    p_now timestamptz,
    p_minute timestamptz,
    p_series_ids bigint []
)
RETURNS health_internal.strange_point []
LANGUAGE plpgsql
VOLATILE
SET plan_cache_mode = force_generic_plan
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    v_agent_ids text [];
    v_metric_names text [];
    v_values double precision [];
    v_surprises double precision [];
    v_distances double precision [];
    v_strange health_internal.strange_point [];
BEGIN
    WITH waiting AS (
        DELETE FROM health_internal.series_minutes AS minutes
        WHERE minutes.minute_at = p_minute AND minutes.series_id = ANY (p_series_ids)
        RETURNING minutes.series_id, minutes.value_sum, minutes.value_count
    ),

    means AS (
        SELECT
            waiting.series_id,
            sum(waiting.value_sum) / sum(waiting.value_count) AS mean,
            sum(waiting.value_count) AS value_count
        FROM waiting
        GROUP BY waiting.series_id
        OFFSET 0
    ),

    points AS MATERIALIZED (
        SELECT
            series.agent_id,
            series.metric_name,
            means.series_id,
            means.mean,
            means.value_count,
            states.state,
            coalesce(p_minute <= states.last_minute_at, false) AS is_late,
            CASE
                WHEN NOT series.is_counter THEN means.mean
                WHEN means.mean >= states.last_mean
                    THEN (means.mean - states.last_mean) * 60
                        / date_part('epoch', p_minute - states.last_minute_at)
            END AS point_value,
            series.is_counter AND means.mean < states.last_mean AS is_restart
        FROM means
        INNER JOIN health_internal.series ON means.series_id = series.series_id
        INNER JOIN health_internal.series_states AS states ON means.series_id = states.series_id
        WHERE series.is_watched
    ),

    judged AS MATERIALIZED (
        SELECT
            points.series_id, points.agent_id, points.metric_name, points.mean,
            points.point_value, judgement.*
        FROM points
        CROSS JOIN LATERAL health_internal.detect(points.state, p_minute, points.point_value)
            AS judgement
        WHERE NOT points.is_late AND points.point_value IS NOT NULL
    ),

    written AS (
        UPDATE health_internal.series_states AS states
        SET
            last_minute_at = p_minute,
            last_mean = judged.mean,
            last_value = judged.point_value,
            last_score = judged.score,
            expected_low = judged.expected_low,
            expected_high = judged.expected_high,
            point_count = states.point_count + 1,
            error = NULL,
            error_at = NULL,
            state = judged.state
        FROM judged
        WHERE states.series_id = judged.series_id
    ),

    unjudged AS (
        UPDATE health_internal.series_states AS states
        SET
            last_minute_at = greatest(states.last_minute_at, p_minute),
            last_mean = CASE WHEN points.is_late THEN states.last_mean ELSE points.mean END,
            late_value_count = states.late_value_count
            + CASE WHEN points.is_late THEN points.value_count ELSE 0 END,
            restart_count = states.restart_count
            + CASE WHEN points.is_restart AND NOT points.is_late THEN 1 ELSE 0 END
        FROM points
        WHERE states.series_id = points.series_id
            AND (points.is_late OR points.point_value IS NULL)
    )

    SELECT
        array_agg(judged.agent_id),
        array_agg(judged.metric_name),
        array_agg(judged.point_value),
        array_agg(judged.surprise),
        array_agg(judged.distance),
        array_agg(ROW(
            judged.agent_id, judged.metric_name, p_minute, judged.point_value,
            greatest(0, least(judged.score, 0.999999999)), judged.is_anomaly, judged.expected_low,
            judged.expected_high, judged.reason
        )::health_internal.strange_point) FILTER (
            WHERE judged.is_anomaly
            OR judged.point_value < judged.expected_low
            OR judged.point_value > judged.expected_high
        )
    INTO v_agent_ids, v_metric_names, v_values, v_surprises, v_distances, v_strange
    FROM judged;

    PERFORM health_internal.learn_baselines(v_agent_ids, v_metric_names, v_values, p_minute);
    PERFORM health_internal.note_surprises(
        v_agent_ids, v_metric_names, v_surprises, v_distances, p_minute
    );
    IF v_strange IS NOT NULL THEN
        PERFORM health_internal.note_anomalies(p_now, p_minute, v_strange);
    END IF;
    RETURN v_strange;
END;
$$;
COMMENT ON FUNCTION health_internal.step_points(timestamptz, timestamptz, bigint []) IS
'Takes the waiting values of some series for one minute: their mean, or a counter''s growth per minute, '
'moves the detector, the baseline and the episodes. A minute not after the last one judged is too late '
'and counted; a counter that fell began anew, and that minute has no growth. Returns the strange points.';

CREATE OR REPLACE FUNCTION health_internal.step_minute(
    p_now timestamptz,
    p_minute timestamptz,
    p_after bigint,
    p_limit integer,
    OUT last_series_id bigint,
    OUT step_count bigint,
    OUT has_strange boolean
)
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    v_series_ids bigint [];
    v_one bigint;
    v_error text;
BEGIN
    v_series_ids := ARRAY(
        SELECT DISTINCT minutes.series_id
        FROM health_internal.series_minutes AS minutes
        WHERE minutes.minute_at = p_minute AND minutes.series_id > p_after
        ORDER BY minutes.series_id
        LIMIT p_limit
    );
    step_count := cardinality(v_series_ids);
    last_series_id := v_series_ids[step_count];
    has_strange := false;
    IF step_count = 0 THEN
        RETURN;
    END IF;
    BEGIN
        has_strange := health_internal.step_points(p_now, p_minute, v_series_ids) IS NOT NULL;
    EXCEPTION
        WHEN OTHERS THEN
            -- One by one, so that a series that cannot be judged holds up none but itself.
            FOREACH v_one IN ARRAY v_series_ids
            LOOP
                BEGIN
                    IF health_internal.step_points(p_now, p_minute, ARRAY[v_one]) IS NOT NULL THEN
                        has_strange := true;
                    END IF;
                EXCEPTION
                    WHEN OTHERS THEN
                        v_error := format('%s (%s)', SQLERRM, SQLSTATE);
                        DELETE FROM health_internal.series_minutes AS minutes
                        WHERE minutes.minute_at = p_minute AND minutes.series_id = v_one;
                        UPDATE health_internal.series_states AS states
                        SET
                            last_minute_at = p_minute,
                            error = left(v_error, 500),
                            error_at = p_minute,
                            state = NULL
                        WHERE states.series_id = v_one;
                END;
            END LOOP;
    END;
END;
$$;
COMMENT ON FUNCTION health_internal.step_minute(
    timestamptz, timestamptz, bigint, integer
) IS
'Judges one minute of at most p_limit series, those after p_after. A series whose point cannot be judged '
'loses it, says why in series_states.error and begins to learn anew; the others go on. Returns the last '
'series, how many there were and whether one was strange.';

COMMIT;
