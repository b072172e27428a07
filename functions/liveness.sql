-- Silence: what is learnt from the gaps between heartbeats and the deadline that follows.
-- A decayed histogram of gap over learnt interval, and the deadline with the least expected cost
-- (false alarms × their price + delay), plus a margin of one lost beat.
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

CREATE OR REPLACE FUNCTION health_internal.learn_gaps(
    p_memory health_internal.gap_memory,
    p_beats double precision []
)
RETURNS health_internal.gap_memory
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_memory health_internal.gap_memory := p_memory;
    v_beat double precision;
    v_gap double precision;
    v_interval double precision;
    v_bin integer;
BEGIN
    v_memory.gap_histogram := coalesce(v_memory.gap_histogram, array_fill(0::real, ARRAY[25]));
    -- One gap after the other, because each is measured by the interval learnt before it.
    FOREACH v_beat IN ARRAY p_beats
    LOOP
        v_gap := v_beat - v_memory.reference_seconds;
        v_interval := exp(v_memory.log_interval);
        IF v_beat < 0 OR v_gap > 100 * v_interval THEN
            v_memory.reference_seconds := abs(v_beat);
            CONTINUE;
        END IF;
        CONTINUE WHEN v_gap IS NULL OR v_gap <= 0.1 * v_interval;
        v_bin := health_internal.gap_bin(v_gap / v_interval);
        v_memory.gap_histogram[v_bin] := v_memory.gap_histogram[v_bin]
            + health_internal.gap_unit(v_memory.gap_count);
        v_memory.log_interval := v_memory.log_interval
            + greatest(1 / 20.0::double precision, 1 / (v_memory.gap_count + 2.0::double precision))
            * ln(v_gap / v_interval);
        v_memory.mean_gap := v_memory.mean_gap
            + greatest(1 / 100.0::double precision, 1 / (v_memory.gap_count + 2.0::double precision))
            * (least(v_gap, 10 * v_memory.mean_gap) - v_memory.mean_gap);
        v_memory.gap_count := v_memory.gap_count + 1;
        v_memory.reference_seconds := v_beat;
        IF v_memory.gap_count % 30000 = 0 THEN
            v_memory.gap_histogram := ARRAY(
                SELECT (weight.value * exp(-30000 * 3.333889012375737e-4::double precision))::real
                FROM unnest(v_memory.gap_histogram) WITH ORDINALITY AS weight (value, bin)
                ORDER BY weight.bin
            );
        END IF;
    END LOOP;
    RETURN v_memory;
END;
$$;
COMMENT ON FUNCTION health_internal.learn_gaps(
    health_internal.gap_memory, double precision []
) IS
'Folds the beats (seconds, ascending) that followed reference_seconds into what gaps have taught. '
'A beat within a tenth of the learnt interval belongs to the clump before it and is not a gap; a '
'negative one begins a run, and neither the gap before it nor one of over 100 intervals teaches '
'anything. The tick does a single beat inline; a test holds both to the same result.';

CREATE OR REPLACE FUNCTION health_internal.deadline_intervals(
    p_histogram real [],
    p_gap_count bigint,
    p_interval_seconds double precision,
    p_mean_gap double precision,
    p_false_alarm_cost double precision,
    p_hard_limit double precision
)
RETURNS double precision
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_unit constant double precision := health_internal.gap_unit(p_gap_count);
    v_price constant double precision := p_false_alarm_cost * 86400 / greatest(p_mean_gap, 1e-3);
    v_total double precision := 0.1
        + 3000 * (1 - exp(-least(700, p_gap_count / 3000.0::double precision)));
    v_longer double precision := 0;
    v_edge double precision;
    v_cost double precision;
    v_best double precision;
    v_best_cost double precision := 'infinity'::double precision;
BEGIN
    -- From the longest gap to the shortest, so that the mass beyond an edge is a running sum.
    FOR v_bin IN REVERSE 24 .. 1
    LOOP
        v_longer := v_longer + p_histogram[v_bin + 1] / v_unit;
        v_edge := 1 + 0.02 * 1.39 ^ (v_bin - 1);
        v_cost := v_price * (0.1 * (
            0.9 / (v_edge * v_edge * v_edge) + 0.1 * least(1, 8 / (v_edge * v_edge * v_edge))
        ) + v_longer) / v_total + p_interval_seconds * v_edge;
        IF v_cost <= v_best_cost THEN
            v_best_cost := v_cost;
            v_best := v_edge;
        END IF;
    END LOOP;
    RETURN least(p_hard_limit, v_best + 1);
END;
$$;
COMMENT ON FUNCTION health_internal.deadline_intervals(
    real [], bigint, double precision, double precision, double precision, double precision
) IS
'Learnt intervals after which silence is judged: the edge x of the histogram with the least '
'price × P(gap > x) + interval × x, plus one interval for a lost beat, at most the hard limit. '
'P has a weak prior (a tenth of one gap, tail x^-3); the price is seconds of delay per false alarm '
'and day.';

CREATE OR REPLACE FUNCTION health_internal.blind_seconds(
    p_from timestamptz,
    p_until timestamptz
)
RETURNS double precision
LANGUAGE sql
STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT coalesce(sum(date_part('epoch', upper(blind.times) - lower(blind.times))), 0)
    FROM (
        -- Gaps close to each other overlap until they settle: each second counts once.
        SELECT
            unnest(range_agg(tstzrange(
                greatest(gaps.started_at, p_from), least(gaps.settled_at, p_until)
            ))) AS times
        FROM health.monitor_gaps AS gaps
        WHERE gaps.ended_at > p_from AND gaps.started_at < p_until
    ) AS blind;
END;
COMMENT ON FUNCTION health_internal.blind_seconds(timestamptz, timestamptz) IS
'Seconds of a silence that are the monitor''s own: the gaps it reaches into, each until agents have '
'had time to come back. Deadlines are credited with it; a silence that began after a gap is not.';

COMMIT;
