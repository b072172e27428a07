-- The parts of the anomaly detector: what it remembers, what it says, and its small formulas.
-- step.sql puts them together; docs/detection/anomalies.md explains them.
BEGIN;

SET LOCAL ROLE health_owner;

DO $$
BEGIN
    IF to_regtype('health_internal.detector_state') IS NULL THEN
        CREATE TYPE health_internal.detector_state AS (
            point_count double precision,
            ignored_count double precision,
            last_at double precision,
            last_value double precision,
            usual_gap double precision,
            size double precision,
            level double precision,
            recent double precision,
            error_level double precision,
            error_day double precision,
            error_week double precision,
            error_recent double precision,
            scale double precision,
            bias double precision,
            shift double precision,
            turbulence double precision,
            record double precision [],
            mean double precision [],
            age double precision [],
            held double precision,
            held_points double precision,
            run double precision,
            longest_run double precision,
            crept_before double precision,
            crept_now double precision,
            crept_points double precision,
            bin_origin double precision,
            bin_unit double precision,
            home double precision,
            home_spread double precision,
            seen bit (256),
            profile real [],
            visits smallint []
        );
        CREATE TYPE health_internal.detection AS (
            state health_internal.detector_state,
            score double precision,
            is_anomaly boolean,
            expected_low double precision,
            expected_high double precision,
            reason text,
            surprise double precision,
            distance double precision
        );
    END IF;
END;
$$;
COMMENT ON TYPE health_internal.detector_state IS
'What the detector knows of one series, 1.6 kB, NULL: new. Points judged and ignored; time and value of the '
'last, the usual gap; size (mean magnitude), level and recent level; mean errors of the four experts; scale '
'(mean |residual|), bias of the logarithmic residual, its lasting sign (shift) and the residual''s lasting size '
'(turbulence); of the four views the record, the mean, the points since the record was last come near; how '
'strange the last alarm was and how long ago; the present and the longest run of one value; how far the recent '
'level was from the slow one, before, in this block, and how long the block is; where values are binned from and '
'the unit of that; home, where the series has been for ten thousand points, and the mean distance from it; which '
'values were seen, a bit for each 8 % further from where it began; for 24 hours of the day (UTC) and 168 of the week what '
'the series departs from its level and how often the hour has been seen.';
COMMENT ON TYPE health_internal.detection IS
'What the detector says of one point: the state after it, score 0 to below 1 (0.5 is the bar), whether '
'it is an anomaly, the range in which a single value is none, why (NULL below the bar), and what the point adds '
'to its agent: surprise, |residual| in mean residuals (at most 50) times |residual| in half widths of the range '
'(at most 3); distance, from home, in mean distances beyond three (at most 10). Range, surprise and distance are '
'NULL while the series is being learnt.';

CREATE OR REPLACE FUNCTION health_internal.new_detector_state()
RETURNS health_internal.detector_state
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    '{0,0,0,0}', '{0,0,0,0}', '{0,0,0,0}',
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0::bit (256),
    array_fill(0::real, ARRAY[192]), array_fill(0::smallint, ARRAY[192])
)::health_internal.detector_state;
COMMENT ON FUNCTION health_internal.new_detector_state() IS
'The state before the first point.';

CREATE OR REPLACE FUNCTION health_internal.signed_log(p_value double precision)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_value < 0 THEN -ln(1 - p_value) ELSE ln(1 + p_value) END;
COMMENT ON FUNCTION health_internal.signed_log(double precision) IS
'sign(x) ln(1 + |x|): linear near 0, a ratio far from it. Raises nothing.';

CREATE OR REPLACE FUNCTION health_internal.why_strange(
    p_view integer,
    p_residual double precision,
    p_ratio double precision,
    p_shift double precision,
    p_creep double precision
)
RETURNS text
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE p_view
    WHEN 1 THEN 'value ' || CASE WHEN p_residual > 0 THEN 'above' ELSE 'below' END
        || ' the expected range'
    WHEN 2 THEN CASE
        WHEN p_ratio > 0 THEN 'value many times what was expected'
        ELSE 'value a small part of what was expected'
    END
    WHEN 3 THEN 'level has moved ' || CASE WHEN p_shift > 0 THEN 'up' ELSE 'down' END
    WHEN 4 THEN 'more turbulent than usual'
    WHEN 5 THEN 'value is stuck'
    WHEN 6 THEN 'level creeps ' || CASE WHEN p_creep > 0 THEN 'up' ELSE 'down' END
    WHEN 7 THEN 'no value like it was seen before'
END;
COMMENT ON FUNCTION health_internal.why_strange(
    integer, double precision, double precision, double precision, double precision
) IS
'Why a point is strange, in words: the view that was strangest, with the sign of the residual, of that of the '
'logarithms, of the shift or of the creep.';

COMMIT;
