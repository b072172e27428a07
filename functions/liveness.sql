-- Silence: what is learnt from the gaps between heartbeats and the deadline that follows.
-- A decayed histogram of gap over learnt interval, and the deadline with the least expected cost
-- (false alarms × their price + delay), plus a margin of one lost beat. docs/detection/liveness.md.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.gap_bin(p_ratio double precision)
RETURNS integer
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_ratio <= 1.02 THEN 1
    WHEN p_ratio >= 40 THEN 25
    ELSE least(25, 2 + floor(ln((p_ratio - 1) / 0.02) / ln(1.39::double precision))::integer)
END;
COMMENT ON FUNCTION health_internal.gap_bin(double precision) IS
'Bin 1..25 of a gap given in learnt intervals; bin k > 1 begins at 1 + 0.02 × 1.39^(k-2).';

CREATE OR REPLACE FUNCTION health_internal.gap_unit(p_gap_count bigint)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN exp((p_gap_count % 30000) * 3.333889012375737e-4::double precision);
COMMENT ON FUNCTION health_internal.gap_unit(bigint) IS
'Weight of the next gap in a histogram that remembers 3,000 gaps: instead of shrinking 25 bins by '
'2999/3000 at each gap the weight grows by 3000/2999; every 30,000 gaps all is divided.';

CREATE OR REPLACE FUNCTION health_internal.gap_mass(p_gap_count bigint)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_gap_count < 10 THEN 0 ELSE health_internal.gap_unit(p_gap_count) END;
COMMENT ON FUNCTION health_internal.gap_mass(bigint) IS
'What the next gap adds to a histogram: its gap_unit, but nothing for the first ten, which teach the '
'interval that all others are measured in; told one four times too short they would stand there as '
'long silences for the next 3,000.';

CREATE OR REPLACE FUNCTION health_internal.rescaled_histogram(p_histogram real [])
RETURNS real []
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    SELECT
        array_agg(
            (weight.value * exp(-30000 * 3.333889012375737e-4::double precision))::real
            ORDER BY weight.bin
        )
    FROM unnest(p_histogram) WITH ORDINALITY AS weight (value, bin)
);
COMMENT ON FUNCTION health_internal.rescaled_histogram(real []) IS
'A histogram divided by what gap_unit has grown to in 30,000 gaps.';

CREATE OR REPLACE FUNCTION health_internal.moved_interval(
    p_interval_seconds double precision,
    p_gap_seconds double precision,
    p_gap_count bigint
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_interval_seconds * exp(
    greatest(0.05::double precision, 1 / (p_gap_count + 2.0::double precision))
    * ln(p_gap_seconds / p_interval_seconds)
);
COMMENT ON FUNCTION health_internal.moved_interval(double precision, double precision, bigint) IS
'The learnt interval after one more gap: an exponential mean of ln gap, step 1/(n+2), at least 1/20.';

CREATE OR REPLACE FUNCTION health_internal.moved_mean_gap(
    p_mean_seconds double precision,
    p_gap_seconds double precision,
    p_gap_count bigint
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_mean_seconds
    + greatest(0.01::double precision, 1 / (p_gap_count + 2.0::double precision))
    * (least(p_gap_seconds, 10 * p_mean_seconds) - p_mean_seconds);
COMMENT ON FUNCTION health_internal.moved_mean_gap(double precision, double precision, bigint) IS
'The mean gap after one more: step 1/(n+2), at least 1/100; a gap counts at most ten times the mean.';

CREATE OR REPLACE FUNCTION health_internal.deadline_limit(
    p_young_intervals double precision,
    p_young_beats integer,
    p_hard_limit double precision,
    p_gap_count bigint
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN least(
    p_hard_limit,
    p_young_intervals * sqrt(greatest(1, p_gap_count / p_young_beats::double precision))
);
COMMENT ON FUNCTION health_internal.deadline_limit(
    double precision, integer, double precision, bigint
) IS
'Longest deadline an agent can have earned, learnt intervals: a young agent''s, growing with the root of '
'the gaps it has shown, up to the hard limit. Few gaps prove little, in either direction.';

CREATE OR REPLACE FUNCTION health_internal.told_share(
    p_told_seconds double precision,
    p_learnt_seconds double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN greatest(1, p_told_seconds / p_learnt_seconds);
COMMENT ON FUNCTION health_internal.told_share(double precision, double precision) IS
'The longer of told and learnt interval, in learnt ones. A young agent is allowed that: the beats it '
'starts with come quicker than those that follow.';

CREATE OR REPLACE FUNCTION health_internal.learn_deadlines(
    p_histogram real [],
    p_gap_count bigint,
    p_interval_seconds double precision,
    p_mean_gap_seconds double precision,
    p_late_cost double precision,
    p_unresponsive_cost double precision,
    p_late_limit double precision,
    p_unresponsive_limit double precision
)
RETURNS double precision []
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_unit constant double precision := health_internal.gap_unit(p_gap_count);
    v_per_day constant double precision := 86400 / greatest(p_mean_gap_seconds, 1e-3) / (
        0.1 + 3000 * (1 - exp(-least(700, greatest(0, p_gap_count - 10) / 3000.0::double precision)))
    );
    v_longer double precision := 0;
    v_edge double precision := 1 + 0.02 * 1.39 ^ 23;
    v_risk double precision;
    v_cost double precision;
    v_late double precision;
    v_late_cost double precision := 'infinity'::double precision;
    v_unresponsive double precision;
    v_unresponsive_cost double precision := 'infinity'::double precision;
BEGIN
    -- From the longest gap to the shortest, so that the mass beyond an edge is a running sum.
    FOR v_bin IN REVERSE 24 .. 1
    LOOP
        v_longer := v_longer + p_histogram[v_bin + 1] / v_unit;
        v_risk := v_per_day * (v_longer + 0.1 * (
            0.9 / (v_edge * v_edge * v_edge) + 0.1 * least(1, 8 / (v_edge * v_edge * v_edge))
        ));
        v_cost := p_late_cost * v_risk + p_interval_seconds * v_edge;
        IF v_cost <= v_late_cost THEN
            v_late_cost := v_cost;
            v_late := v_edge;
        END IF;
        v_cost := p_unresponsive_cost * v_risk + p_interval_seconds * v_edge;
        IF v_cost <= v_unresponsive_cost THEN
            v_unresponsive_cost := v_cost;
            v_unresponsive := v_edge;
        END IF;
        v_edge := 1 + (v_edge - 1) / 1.39;
    END LOOP;
    RETURN ARRAY[
        least(p_late_limit, v_late + 1), least(p_unresponsive_limit, v_unresponsive + 1)
    ];
END;
$$;
COMMENT ON FUNCTION health_internal.learn_deadlines(
    real [], bigint, double precision, double precision, double precision, double precision,
    double precision, double precision
) IS
'Learnt intervals after which silence is late and unresponsive: for each the edge x of the histogram '
'with the least cost × P(gap > x) + interval × x, plus one interval for a lost beat, at most its '
'limit. P has a weak prior (a tenth of one gap, tail x^-3); a cost is seconds of delay per false '
'alarm and day.';

COMMIT;
