-- The step of the detector: one more point of a series. Everything that detects, live or on history,
-- calls it.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.detect(
    p_state health_internal.detector_state,
    p_at timestamptz,
    p_value double precision,
    OUT state health_internal.detector_state,
    OUT score double precision,
    OUT is_anomaly boolean,
    OUT expected_low double precision,
    OUT expected_high double precision,
    OUT reason text
)
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_count constant double precision := coalesce(p_state.numbers[1], 0);
    v_mean double precision := coalesce(p_state.numbers[2], p_value);
    v_spread double precision := coalesce(p_state.numbers[3], 0);
    v_gain constant double precision := greatest(0.02, 1 / (v_count + 1));
    v_reach constant double precision := 6 * v_spread + 1e-3 * abs(v_mean) + 1e-9;
    v_miss constant double precision := abs(p_value - v_mean);
BEGIN
    score := 0;
    is_anomaly := false;
    IF v_count >= 20 THEN
        expected_low := v_mean - v_reach;
        expected_high := v_mean + v_reach;
        score := 1 - 1 / (1 + least(v_miss / v_reach, 1e6));
        is_anomaly := v_miss > v_reach;
        reason := CASE
            WHEN is_anomaly AND p_value > v_mean THEN 'value above its expected range'
            WHEN is_anomaly THEN 'value below its expected range'
        END;
    END IF;
    state := ROW(ARRAY[
        v_count + 1,
        CASE
            WHEN v_miss < 1e-100 THEN p_value
            ELSE v_mean + v_gain * sign(p_value - v_mean)
                * CASE WHEN v_count < 20 THEN v_miss ELSE least(v_miss, v_reach) END
        END,
        CASE
            WHEN v_spread + v_miss < 1e-100 THEN 0
            WHEN v_count < 20 THEN v_spread + v_gain * (v_miss - v_spread)
            ELSE v_spread + v_gain * (least(v_miss, v_reach) - v_spread)
        END
    ]);
END;
$$;
COMMENT ON FUNCTION health_internal.detect(
    health_internal.detector_state, timestamptz, double precision
) IS
'One step of the detector: from the state of a series (NULL: new) and its next point to the new state, '
'how strange the point is (score, 0 to below 1), whether that is an anomaly, the range that was expected '
'(NULL while learning) and why. Raises nothing for any finite value. Exponentially weighted mean and '
'mean deviation, 6 deviations.';

COMMIT;
