-- The agent over all its series: how much of a surprise a minute is, and for how long by now.
-- Entry point: detect_agent, one minute; the state is a value. The replay and the live watch take the same.
BEGIN;

SET LOCAL ROLE health_owner;

DO $$
BEGIN
    IF to_regtype('health_internal.agent_detection') IS NULL THEN
        CREATE TYPE health_internal.agent_detection AS (
            state double precision [],
            score double precision,
            is_anomaly boolean,
            times double precision
        );
    END IF;
END;
$$;
COMMENT ON TYPE health_internal.agent_detection IS
'What is said of a minute of an agent: the state after it (minutes judged, the last of them, the mean '
'surprise of late, the usual one, the same of the distance; NULL: new), score 0 to below 1 (0.5 is the bar), whether it is an '
'anomaly, and how many times as surprising as usual its series are of late.';

CREATE OR REPLACE FUNCTION health_internal.detect_agent(
    p_state double precision [],
    p_minute timestamptz,
    p_surprise double precision,
    p_distance double precision,
    p_series_count bigint
)
RETURNS health_internal.agent_detection
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_count double precision := coalesce(p_state[1], 0);
    v_last_at double precision := p_state[2];
    v_lately double precision := coalesce(p_state[3], 0);
    v_usual double precision := coalesce(p_state[4], 0);
    v_far_lately double precision := coalesce(p_state[5], 0);
    v_far_usual double precision := coalesce(p_state[6], 0);
    v_bar double precision;
    v_at constant double precision := date_part('epoch', p_minute);
    -- A few series are no crowd: one of three does not make a third of the agent.
    v_surprise constant double precision := p_surprise / greatest(p_series_count, 10);
    v_distance constant double precision := coalesce(p_distance, 0) / greatest(p_series_count, 10);
    v_found health_internal.agent_detection;
BEGIN
    v_found.state := p_state;
    v_found.score := 0;
    v_found.is_anomaly := false;
    v_found.times := 0;
    IF p_surprise IS NULL OR p_series_count = 0 THEN
        RETURN v_found;
    END IF;
    IF v_at - v_last_at > 86400 THEN
        v_lately := 0;
        v_far_lately := 0;
    END IF;
    -- In units of twice what is usual; one minute is not worth more than fifteen of them.
    v_bar := 2 * (v_usual + 0.1);
    v_lately := v_lately + 0.2 * (least(v_surprise, 15 * v_bar) + 1e-30 - v_lately);
    v_far_lately := v_far_lately + 0.2 * (v_distance + 1e-30 - v_far_lately);
    IF v_count >= 150 THEN
        -- What is far from home for long is no news, but as strange as it was.
        v_found.score := (v_lately + v_far_lately)
            / (v_lately + v_far_lately + v_bar + 2 * v_far_usual);
        v_found.is_anomaly := v_lately >= v_bar AND v_surprise >= v_bar;
        v_found.times := 2 * v_lately / v_bar;
    END IF;
    v_count := v_count + 1;
    -- What is usual, five thousand minutes' memory; one minute teaches little once there were some.
    v_usual := v_usual + greatest(0.0002, 1 / v_count) * (
        CASE WHEN v_count < 500 THEN v_surprise ELSE least(v_surprise, 3 * v_usual + 0.1) END
        + 1e-30 - v_usual
    );
    v_far_usual := v_far_usual + greatest(0.0002, 1 / v_count) * (
        CASE WHEN v_count < 500 THEN v_distance ELSE least(v_distance, 3 * v_far_usual + 0.1) END
        + 1e-30 - v_far_usual
    );
    v_found.state := ARRAY[v_count, v_at, v_lately, v_usual, v_far_lately, v_far_usual];
    RETURN v_found;
END;
$$;
COMMENT ON FUNCTION health_internal.detect_agent(
    double precision [], timestamptz, double precision, double precision, bigint
) IS
'One minute of an agent: state before (NULL: a new agent), the minute, the sums of the surprises and of the '
'distances of its series that have them, how many those are. s = surprises / greatest(count, 10), d the same of '
'the distances; lately and far: the means of s and d over five minutes; usual and usually far: over five '
'thousand; bar = 2 (usual + 0.1). Score = (lately + far) / (lately + far + bar + 2 usually far), 0 for the '
'first 150 minutes; an anomaly is a minute in which both lately and s reach the bar. A minute without any '
'surprise changes nothing. Raises nothing.';

CREATE OR REPLACE FUNCTION health_internal.agent_reason(
    p_is_anomaly boolean,
    p_times double precision,
    p_metric_names text []
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_is_anomaly THEN left(
        format('series are together %s times as surprising as usual', greatest(2, round(p_times)))
        || coalesce(': ' || array_to_string(nullif(p_metric_names, '{}'), ', '), ''),
        500
    )
END;
COMMENT ON FUNCTION health_internal.agent_reason(boolean, double precision, text []) IS
'Why an agent is strange, in words; NULL where it is not.';

COMMIT;
