-- The arithmetic of running state: decayed sums and means.
-- Every function is one IMMUTABLE expression, so that it inlines into the tick's UPDATE.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.seconds_between(
    p_from timestamptz,
    p_to timestamptz
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN tstzrange_subdiff(p_to, p_from);
COMMENT ON FUNCTION health_internal.seconds_between(timestamptz, timestamptz) IS
'Seconds from one time to another, exact to the microsecond. (An interval would be made and taken apart '
'again; the difference that ranges of times are indexed by is one subtraction.)';

CREATE OR REPLACE FUNCTION health_internal.decay(
    p_seconds double precision,
    p_memory_seconds double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_seconds > 40 * p_memory_seconds THEN 0
    WHEN p_seconds < -40 * p_memory_seconds THEN exp(40::double precision)
    ELSE exp(-p_seconds / p_memory_seconds)
END;
COMMENT ON FUNCTION health_internal.decay(double precision, double precision) IS
'Weight exp(-age / memory) of something p_seconds old; exactly 0 beyond 40 memories, because '
'exp(-746) raises underflow.';

CREATE OR REPLACE FUNCTION health_internal.decayed_sum(
    p_sum double precision,
    p_factor double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN abs(p_sum) < 1e-100 THEN 0 ELSE p_sum * p_factor END;
COMMENT ON FUNCTION health_internal.decayed_sum(double precision, double precision) IS
'A decayed sum after a further decay by p_factor; sums below 1e-100 become 0 (underflow raises).';

CREATE OR REPLACE FUNCTION health_internal.moved_mean(
    p_mean double precision,
    p_value double precision,
    p_kept double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_value IS NULL THEN p_mean
    WHEN abs(p_mean - p_value) >= 1e-100 THEN p_value + (p_mean - p_value) * p_kept
    ELSE p_value
END;
COMMENT ON FUNCTION health_internal.moved_mean(
    double precision, double precision, double precision
) IS
'An exponential mean after one more value: kept × mean + (1 - kept) × value. Without a mean it is the '
'value, without a value the mean stays; differences below 1e-100 are none (underflow raises).';

CREATE OR REPLACE FUNCTION health_internal.kept_share(
    p_decay double precision,
    p_count double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN least(p_decay, p_count / (p_count + 1));
COMMENT ON FUNCTION health_internal.kept_share(double precision, double precision) IS
'How much of a mean of p_count values is kept when one more comes: count / (count + 1), a plain mean, '
'until the decay since the last value asks for less.';

CREATE OR REPLACE FUNCTION health_internal.kept_of_run(
    p_run_started_at timestamptz,
    p_at timestamptz,
    p_gap_seconds double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN health_internal.seconds_between(p_run_started_at, p_at)
    / (health_internal.seconds_between(p_run_started_at, p_at) + p_gap_seconds);
COMMENT ON FUNCTION health_internal.kept_of_run(timestamptz, timestamptz, double precision) IS
'How much of a mean is kept when a value comes p_gap_seconds after the last one: the share of the run '
'before it, so that a young run has a plain mean and its first values do not stand for long.';

CREATE OR REPLACE FUNCTION health_internal.moved_processing(
    p_mean double precision,
    p_value double precision,
    p_kept double precision,
    p_usual double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN least(health_internal.moved_mean(p_mean, p_value, p_kept), p_mean + p_usual);
COMMENT ON FUNCTION health_internal.moved_processing(
    double precision, double precision, double precision, double precision
) IS
'moved_mean of processing times: one value lifts it by at most what is usual (the objective, else the '
'baseline), so that no single value, of an agent that was stopped a while, say, makes it slow.';

CREATE OR REPLACE FUNCTION health_internal.clipped(
    p_value double precision,
    p_mean double precision,
    p_count bigint
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_count >= 10 AND p_value > 3 * p_mean THEN 3 * p_mean ELSE p_value END;
COMMENT ON FUNCTION health_internal.clipped(double precision, double precision, bigint) IS
'A value for a baseline, where after ten values one counts at most three times the mean.';

CREATE OR REPLACE FUNCTION health_internal.time_mass(
    p_gap_seconds double precision,
    p_memory_seconds double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN p_memory_seconds * (1 - health_internal.decay(p_gap_seconds, p_memory_seconds));
COMMENT ON FUNCTION health_internal.time_mass(double precision, double precision) IS
'Decayed time covered by a gap that ends now: the integral of exp(-age / memory) over it, seconds, '
'at most the memory. A week of silence thus weighs as one memory, not as a week.';

COMMIT;
