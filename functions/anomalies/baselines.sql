-- Baselines: what is usual for a series at an hour of the week, learnt minute by minute (step_points calls
-- learn_baselines), each value at the same small cost. Formulas here, history in establish.sql.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.hour_of_week(p_at timestamptz)
RETURNS smallint
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
-- The first of January 1970 was a Thursday: hour 72 of a week that begins on Monday.
RETURN (((floor(date_part('epoch', p_at) / 3600)::bigint + 72) % 168 + 168) % 168)::smallint;
COMMENT ON FUNCTION health_internal.hour_of_week(timestamptz) IS
'Hour of the week, UTC: 0 is Monday 00:00 to 01:00, 167 Sunday 23:00 to 24:00.';

CREATE OR REPLACE FUNCTION health_internal.baseline_gain(p_count bigint)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN greatest(1.0 / (p_count + 1), 1.0 / 240);
COMMENT ON FUNCTION health_internal.baseline_gain(bigint) IS
'How much one more value counts beside p_count: all the same, until 240 are remembered, which are four '
'weeks of an hour.';

CREATE OR REPLACE FUNCTION health_internal.least_spread(p_center double precision)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN 1e-3 * abs(p_center) + 1e-9;
COMMENT ON FUNCTION health_internal.least_spread(double precision) IS
'The spread a baseline has at least where it is used: a thousandth of its center. Values that never '
'differed would else make each small difference endless.';

CREATE OR REPLACE FUNCTION health_internal.baseline_step(
    p_center double precision,
    p_spread double precision,
    p_count bigint,
    p_value double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN abs(p_value - p_center) < 1e-100 THEN 0
    WHEN p_count >= 10 THEN sign(p_value - p_center) * least(
        abs(p_value - p_center),
        2 * greatest(p_spread, health_internal.least_spread(p_center))
    )
    WHEN p_spread > 0
        THEN sign(p_value - p_center) * least(abs(p_value - p_center), 10 * p_spread)
    ELSE p_value - p_center
END;
COMMENT ON FUNCTION health_internal.baseline_step(
    double precision, double precision, bigint, double precision
) IS
'How far a value lies from the center of a baseline, as far as it counts: at most 2 spreads, among the '
'first ten values 10, before there is a spread all of it.';

CREATE OR REPLACE FUNCTION health_internal.baseline_center(
    p_center double precision,
    p_spread double precision,
    p_count bigint,
    p_value double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_center + health_internal.baseline_gain(p_count)
* health_internal.baseline_step(p_center, p_spread, p_count, p_value);
COMMENT ON FUNCTION health_internal.baseline_center(
    double precision, double precision, bigint, double precision
) IS
'The center of a baseline after one more value: center + gain × ψ(value - center), where Huber''s ψ cuts '
'at k = 2 spreads: a recursive M-estimator (Gelper, Fried and Croux, Robust forecasting with exponential '
'and Holt-Winters smoothing, 2010).';

CREATE OR REPLACE FUNCTION health_internal.baseline_spread(
    p_center double precision,
    p_spread double precision,
    p_count bigint,
    p_value double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN sqrt(
    (1 - health_internal.baseline_gain(p_count)) * greatest(p_spread, 1e-50)
    * greatest(p_spread, 1e-50)
    + health_internal.baseline_gain(p_count) * CASE WHEN p_count < 10 THEN 1 ELSE 1.0864 END
    * power(
        greatest(
            abs(health_internal.baseline_step(p_center, p_spread, p_count, p_value)), 1e-50
        ),
        2
    )
);
COMMENT ON FUNCTION health_internal.baseline_spread(
    double precision, double precision, bigint, double precision
) IS
'The spread of a baseline after one more value: spread² ← (1 - gain) spread² + gain × 1.0864 × ψ(value - '
'center)², ψ cut at 2 spreads; 1.0864 makes the mean of that the variance of a normal distribution (the '
'bounded scale of Gelper, Fried and Croux, 2010). Of the first ten values the plain mean square.';

CREATE OR REPLACE FUNCTION health_internal.learn_baselines(
    p_agent_ids text [],
    p_metric_names text [],
    p_values double precision [],
    p_at timestamptz
)
RETURNS void
LANGUAGE sql
VOLATILE
AS $$
    INSERT INTO health.baselines AS known (
        agent_id, metric_name, hour_of_week, value_count, center, spread, updated_at
    )
    SELECT
        points.agent_id, points.metric_name, health_internal.hour_of_week(p_at), 1,
        points.point_value, 0, p_at
    FROM unnest(p_agent_ids, p_metric_names, p_values)
        AS points (agent_id, metric_name, point_value)
    ON CONFLICT (agent_id, metric_name, hour_of_week) DO UPDATE SET
        value_count = known.value_count + 1,
        center = health_internal.baseline_center(
            known.center, known.spread, known.value_count, excluded.center
        ),
        spread = health_internal.baseline_spread(
            known.center, known.spread, known.value_count, excluded.center
        ),
        updated_at = excluded.updated_at;
$$;
COMMENT ON FUNCTION health_internal.learn_baselines(
    text [], text [], double precision [], timestamptz
) IS
'Moves the baselines of series by one value each, of the minute p_at.';

-- Views of analysts use them.
GRANT EXECUTE ON FUNCTION
health_internal.hour_of_week(timestamptz),
health_internal.least_spread(double precision) TO health_analyst, health_bridge;

COMMIT;
