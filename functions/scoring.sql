-- The arithmetic of the judgement: decay and the five components.
-- Every function is one IMMUTABLE expression, so that it inlines into the tick's UPDATE; each
-- component is bounded to 0..100 and monotone in each of its inputs.
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

CREATE OR REPLACE FUNCTION health_internal.rising_score(p_ratio double precision)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_ratio >= 1 THEN 100 ELSE 100 * p_ratio END;
COMMENT ON FUNCTION health_internal.rising_score(double precision) IS
'100 from a ratio of 1 on, 100 × ratio below; NULL for NULL.';

CREATE OR REPLACE FUNCTION health_internal.falling_score(
    p_value double precision,
    p_full_until double precision,
    p_zero_from double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_value <= p_full_until THEN 100
    WHEN p_value >= p_zero_from THEN 0
    ELSE 100 * (p_zero_from - p_value) / (p_zero_from - p_full_until)
END;
COMMENT ON FUNCTION health_internal.falling_score(
    double precision, double precision, double precision
) IS
'100 up to p_full_until, 0 from p_zero_from on, linear between; NULL for a NULL value.';

-- Components ------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION health_internal.score_heartbeat_consistency(
    p_gap_weight double precision,
    p_gap_sum double precision,
    p_gap_square_sum double precision,
    p_expected_mass double precision,
    p_open_sum double precision,
    p_recency double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN 100 * p_recency * CASE
    WHEN p_gap_sum > 0 THEN
        0.7 * least(1, p_gap_weight * p_expected_mass / (p_gap_sum + p_open_sum))
        + 0.3 / greatest(1, p_gap_weight * p_gap_square_sum / (p_gap_sum * p_gap_sum))
    ELSE 1
END;
COMMENT ON FUNCTION health_internal.score_heartbeat_consistency(
    double precision, double precision, double precision,
    double precision, double precision, double precision
) IS
'100 × recency × (0.7 × coverage + 0.3 × regularity). Coverage: gaps × expected / (Σ gap + excess '
'of the open gap), all as decayed time; regularity: 1 / (1 + cv²) of the gaps; recency falls from 1 '
'at the late deadline to 0 at the unresponsive one. Without gaps coverage and regularity are 1.';

CREATE OR REPLACE FUNCTION health_internal.score_job(p_standing text)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE p_standing WHEN 'missed' THEN 0 WHEN 'overdue' THEN 50 ELSE 100 END;
COMMENT ON FUNCTION health_internal.score_job(text) IS
'heartbeat_consistency of a job on a schedule, whose runs are expected and not its beats: 0 while one is '
'missed, 50 while one takes too long, else 100.';

CREATE OR REPLACE FUNCTION health_internal.open_gap_sum(
    p_gap_weight double precision,
    p_expected_mass double precision,
    p_silent_seconds double precision,
    p_memory_seconds double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN greatest(
    0, health_internal.time_mass(p_silent_seconds, p_memory_seconds) - p_expected_mass
) * least(
    p_gap_weight,
    1 / greatest(1e-18, health_internal.decay(p_silent_seconds, p_memory_seconds))
);
COMMENT ON FUNCTION health_internal.open_gap_sum(
    double precision, double precision, double precision, double precision
) IS
'What a silence beyond the expected interval adds to the sum of gaps, which is as of the last '
'heartbeat: the excess in decayed time, as much heavier as those gaps have faded since, but at most '
'as much as all of them weigh.';

CREATE OR REPLACE FUNCTION health_internal.score_performance_metrics(
    p_latency_ratio double precision,
    p_full_until_ratio double precision,
    p_zero_from_ratio double precision,
    p_throughput_ratio double precision,
    p_latency_share double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_latency_ratio IS NULL THEN health_internal.rising_score(p_throughput_ratio)
    WHEN p_throughput_ratio IS NULL THEN
        health_internal.falling_score(p_latency_ratio, p_full_until_ratio, p_zero_from_ratio)
    ELSE
        p_latency_share
        * health_internal.falling_score(p_latency_ratio, p_full_until_ratio, p_zero_from_ratio)
        + (1 - p_latency_share) * health_internal.rising_score(p_throughput_ratio)
END;
COMMENT ON FUNCTION health_internal.score_performance_metrics(
    double precision, double precision, double precision, double precision, double precision
) IS
'Share × latency + (1 - share) × throughput, or the one that is known. Latency falls linearly from '
'100 at the full ratio of its objective (or learnt baseline) to 0 at the zero ratio; throughput is '
'its ratio to the objective (or to the tolerated share of its baseline), at most 1. NULL without both.';

CREATE OR REPLACE FUNCTION health_internal.score_error_rate(
    p_errors double precision,
    p_items double precision,
    p_age_seconds double precision,
    p_memory_seconds double precision,
    p_rate_scale double precision,
    p_per_minute_scale double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_errors IS NULL THEN NULL
    WHEN p_errors = 0 THEN 100
    WHEN p_items > 0
        THEN 100 * exp(-least(700, p_errors / greatest(p_items, p_errors) / p_rate_scale))
    ELSE 100 * exp(-least(
        700,
        p_errors
        / greatest(1, health_internal.time_mass(p_age_seconds, p_memory_seconds) / 60)
        / p_per_minute_scale
    ))
END;
COMMENT ON FUNCTION health_internal.score_error_rate(
    double precision, double precision, double precision, double precision, double precision,
    double precision
) IS
'100 × exp(-rate / scale), the rate being decayed errors per decayed work item, or per minute where '
'there are no items: decayed errors over the decayed time of a run of p_age_seconds, at least a '
'minute. NULL where the errors are unknown.';

CREATE OR REPLACE FUNCTION health_internal.seconds_to_exhaustion(
    p_fast_mean_mb double precision,
    p_slow_mean_mb double precision,
    p_age_seconds double precision,
    p_fast_memory_seconds double precision,
    p_slow_memory_seconds double precision,
    p_usage_mb double precision,
    p_limit_mb double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_age_seconds >= 60 AND p_fast_mean_mb - p_slow_mean_mb > 0.02 * p_limit_mb THEN
        greatest(0, p_limit_mb - p_usage_mb)
        * (
            health_internal.time_mass(p_age_seconds, p_slow_memory_seconds)
            - health_internal.time_mass(p_age_seconds, p_fast_memory_seconds)
        )
        / (p_fast_mean_mb - p_slow_mean_mb)
END;
COMMENT ON FUNCTION health_internal.seconds_to_exhaustion(
    double precision, double precision, double precision, double precision, double precision,
    double precision, double precision
) IS
'Seconds until memory reaches its limit if it goes on rising as it does, NULL if it does not rise. '
'On a ramp of age T an exponential mean of memory τ that began with its first value lags by '
'τ (1 - e^(-T/τ)); the slope is the difference of two such means over the difference of their lags. '
'It needs a minute of data and a difference of 2 % of the limit.';

CREATE OR REPLACE FUNCTION health_internal.score_resource_efficiency(
    p_cpu_percent double precision,
    p_memory_share double precision,
    p_exhaustion_ratio double precision,
    p_cpu_soft double precision,
    p_cpu_hard double precision,
    p_cpu_floor double precision,
    p_memory_soft double precision,
    p_memory_hard double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN least(
    CASE
        WHEN p_cpu_percent IS NOT NULL THEN greatest(
            p_cpu_floor, health_internal.falling_score(p_cpu_percent, p_cpu_soft, p_cpu_hard)
        )
    END,
    health_internal.falling_score(p_memory_share, p_memory_soft, p_memory_hard),
    CASE WHEN p_memory_share IS NOT NULL THEN least(100, 100 * p_exhaustion_ratio) END
);
COMMENT ON FUNCTION health_internal.score_resource_efficiency(
    double precision, double precision, double precision, double precision, double precision,
    double precision, double precision, double precision
) IS
'The least of: CPU between soft and hard percent (never below its floor), memory between soft and '
'hard share of its limit, and 100 × predicted time to exhaustion over the horizon; NULL ones do not '
'count, NULL if CPU and memory share are.';

CREATE OR REPLACE FUNCTION health_internal.score_business_impact(
    p_cost_efficiency double precision,
    p_user_satisfaction double precision,
    p_operational_efficiency double precision,
    p_revenue_impact_usd double precision,
    p_loss_limit_usd double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    coalesce(p_cost_efficiency, 0) + coalesce(p_user_satisfaction, 0)
    + coalesce(p_operational_efficiency, 0)
    + coalesce(health_internal.falling_score(-p_revenue_impact_usd, 0, p_loss_limit_usd), 0)
) / nullif(num_nonnulls(
    p_cost_efficiency, p_user_satisfaction, p_operational_efficiency, p_revenue_impact_usd
), 0);
COMMENT ON FUNCTION health_internal.score_business_impact(
    double precision, double precision, double precision, double precision, double precision
) IS
'Mean of what the agent reports: cost efficiency, user satisfaction, operational efficiency, and 100 '
'less the share of the loss limit that it loses per hour; NULL if it reports none.';

COMMIT;
