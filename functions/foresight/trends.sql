-- Trends of resources: decayed least squares, one sample at a time, and where the line meets its limit.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.moved_trend(
    p_trend health_internal.resource_trends,
    p_at timestamptz,
    p_value double precision,
    p_limit double precision
)
RETURNS health_internal.resource_trends
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_memory_hours constant double precision := 6;
    v_new health_internal.resource_trends := p_trend;
    v_gap constant double precision := date_part('epoch', p_at - (p_trend).sampled_at) / 3600;
    v_kept double precision;
    v_foretold double precision;
    v_bound double precision;
    v_residual double precision;
    v_value double precision := p_value;
    v_x double precision;
    v_y double precision;
    v_share double precision;
BEGIN
    IF v_gap <= 0 THEN
        RETURN p_trend;
    END IF;
    v_kept := health_internal.decay(v_gap, v_memory_hours);
    v_new.mean_hours := v_new.mean_hours - v_gap;
    v_foretold := v_new.mean_value - v_new.mean_hours * coalesce(
        v_new.product_sum / nullif(v_new.hours_square_sum, 0), 0
    );
    -- One wild value must not tilt the line: beyond four deviations (or 2 % of the limit) it counts as there.
    IF v_new.sample_count >= 10 THEN
        v_bound := greatest(
            0.02 * p_limit, 4 * sqrt(v_new.residual_square_sum / v_new.weight)
        );
        v_value := least(greatest(p_value, v_foretold - v_bound), v_foretold + v_bound);
    END IF;

    -- decayed_sum: what is next to nothing is nothing, since squares of it underflow.
    v_residual := health_internal.decayed_sum(v_value - v_foretold, 1);
    v_new.residual_product_sum := health_internal.decayed_sum(v_new.residual_product_sum, v_kept)
        + v_residual * v_new.last_residual;
    v_new.residual_square_sum := health_internal.decayed_sum(v_new.residual_square_sum, v_kept)
        + v_residual * v_residual;
    v_new.last_residual := v_residual;
    v_x := - v_new.mean_hours;
    v_y := health_internal.decayed_sum(v_value - v_new.mean_value, 1);
    v_new.weight := health_internal.decayed_sum(v_new.weight, v_kept) + 1;
    v_new.weight_square_sum :=
        health_internal.decayed_sum(v_new.weight_square_sum, v_kept * v_kept) + 1;
    v_share := (v_new.weight - 1) / v_new.weight;
    v_new.mean_hours := v_new.mean_hours + v_x / v_new.weight;
    v_new.mean_value := v_new.mean_value + v_y / v_new.weight;
    v_new.hours_square_sum :=
        health_internal.decayed_sum(v_new.hours_square_sum, v_kept) + v_x * v_x * v_share;
    v_new.product_sum :=
        health_internal.decayed_sum(v_new.product_sum, v_kept) + v_x * v_y * v_share;
    v_new.value_square_sum :=
        health_internal.decayed_sum(v_new.value_square_sum, v_kept) + v_y * v_y * v_share;
    v_new.used := p_value;
    v_new.limit_value := p_limit;
    v_new.peak := greatest(v_new.peak, p_value);
    v_new.sampled_at := p_at;
    v_new.sample_count := v_new.sample_count + 1;
    RETURN v_new;
END;
$$;
COMMENT ON FUNCTION health_internal.moved_trend(
    health_internal.resource_trends, timestamptz, double precision, double precision
) IS
'A trend after one more sample: weighted sums about their means (West 1979), weights exp(-age / 6 h). A '
'sample counts at most four standard deviations, or 2 % of the limit, from where the line foretold it. One '
'that is not later changes nothing.';

CREATE OR REPLACE FUNCTION health_internal.line_reaches(
    p_rise double precision,
    p_slope double precision,
    p_slope_error double precision,
    p_mean_error double precision,
    p_errors double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN (
    p_rise * p_slope + p_errors * sqrt(
        power(p_mean_error, 2) * (power(p_slope, 2) - power(p_errors * p_slope_error, 2))
        + power(p_slope_error * p_rise, 2)
    )
) / (power(p_slope, 2) - power(p_errors * p_slope_error, 2));
COMMENT ON FUNCTION health_internal.line_reaches(
    double precision, double precision, double precision, double precision, double precision
) IS
'How long after the mean of its samples a line has risen by p_rise, at the latest (p_errors > 0) or the '
'earliest (p_errors < 0) that so many standard errors of mean and slope allow: a bound of Fieller''s '
'interval (1954). The slope must be more than p_errors of its errors above 0.';

CREATE OR REPLACE FUNCTION health_internal.foretell_exhaustion(
    p_trend health_internal.resource_trends,
    OUT slope_per_hour double precision,
    OUT slope_error_per_hour double precision,
    OUT exhausts_at timestamptz,
    OUT exhausts_earliest_at timestamptz,
    OUT exhausts_latest_at timestamptz,
    OUT confidence double precision,
    OUT basis text
)
LANGUAGE plpgsql
IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    v_effective double precision;
    v_alike double precision;
    v_deviation double precision;
    v_mean_error double precision;
    v_freedom double precision;
    v_errors double precision;
    v_left double precision;
    v_z double precision;
    v_span constant double precision := least(
        12, date_part('epoch', (p_trend).sampled_at - (p_trend).began_at) / 3600
    );
BEGIN
    IF (p_trend).used >= (p_trend).limit_value THEN
        exhausts_at := (p_trend).sampled_at;
        exhausts_earliest_at := exhausts_at;
        exhausts_latest_at := exhausts_at;
        confidence := 1;
        basis := 'exhausted';
        RETURN;
    END IF;
    v_effective := (p_trend).weight * (p_trend).weight / (p_trend).weight_square_sum;
    IF (p_trend).sample_count < 10 OR v_span < 0.25 OR v_effective < 4
        OR (p_trend).hours_square_sum <= 0 THEN
        basis := 'not foreseeable: less than ten samples or a quarter of an hour';
        RETURN;
    END IF;
    slope_per_hour := health_internal.decayed_sum(
        (p_trend).product_sum / (p_trend).hours_square_sum, 1
    );
    -- Neighbours that err alike are fewer samples than they seem.
    v_alike := least(0.95, greatest(0, coalesce(
        (p_trend).residual_product_sum / nullif((p_trend).residual_square_sum, 0), 0
    )));
    v_deviation := sqrt(
        greatest(0, (p_trend).value_square_sum - slope_per_hour * (p_trend).product_sum)
        / (p_trend).weight * v_effective / (v_effective - 2)
    );
    v_mean_error := v_deviation * sqrt((1 + v_alike) / (1 - v_alike) / v_effective);
    slope_error_per_hour := greatest(
        v_mean_error * sqrt((p_trend).weight / (p_trend).hours_square_sum),
        1e-6 * abs(slope_per_hour)
    );
    -- Of few samples two errors are too little: about Student's t of 95 %.
    v_freedom := greatest(1, v_effective * (1 - v_alike) / (1 + v_alike) - 2);
    v_errors := 2 + 3 / v_freedom;
    v_z := CASE
        WHEN slope_error_per_hour > 0 THEN least(40, greatest(
            -40, slope_per_hour / slope_error_per_hour
        ))
        ELSE 0
    END;
    confidence := 1 / (1 + exp(-1.702 * v_z));
    IF v_z < greatest(3, 1.25 * v_errors)
        OR slope_per_hour * v_span < 0.01 * (p_trend).limit_value THEN
        basis := 'not foreseeable: the slope is not significantly positive';
        RETURN;
    END IF;
    -- From the mean to the limit; what the last sample is above the line beyond its noise is a step.
    v_left := (p_trend).limit_value - (p_trend).mean_value - greatest(
        0,
        (p_trend).used - 4 * v_deviation
        - ((p_trend).mean_value - slope_per_hour * (p_trend).mean_hours)
    );
    IF v_left / slope_per_hour + (p_trend).mean_hours > 10 * v_span THEN
        basis := format(
            'not foreseeable: further away than ten times the %s hours seen', round(v_span::numeric, 1)
        );
        RETURN;
    END IF;
    exhausts_at := (p_trend).sampled_at + make_interval(
        secs => 3600 * greatest(0, v_left / slope_per_hour + (p_trend).mean_hours)
    );
    exhausts_earliest_at := least(exhausts_at, (p_trend).sampled_at + make_interval(
        secs => 3600 * greatest(0, (p_trend).mean_hours + health_internal.line_reaches(
            v_left - 2 * v_deviation, slope_per_hour, slope_error_per_hour, v_mean_error, - v_errors
        ))
    ));
    exhausts_latest_at := (p_trend).sampled_at + make_interval(
        secs => 3600 * greatest(0, (p_trend).mean_hours + health_internal.line_reaches(
            v_left, slope_per_hour, slope_error_per_hour, v_mean_error, v_errors
        ))
    );
    basis := format(
        'decayed least squares over %s samples in %s hours', (p_trend).sample_count,
        round(v_span::numeric, 1)
    );
END;
$$;
COMMENT ON FUNCTION health_internal.foretell_exhaustion(health_internal.resource_trends) IS
'When a trend meets its limit. Slope by decayed least squares; its error is the usual one for n_eff = '
'(Σw)² / Σw² samples, times √((1 + ρ) / (1 - ρ)) for residuals of lag-1 correlation ρ (effective sample '
'size of an AR(1) series). Interval: Fieller''s for the crossing of a line, 2 + 3 / (n_eff - 2) errors wide; '
'it begins two deviations of a sample below the limit, since one sample may reach it before the line. '
'About 95 of 100 hold the first sample at the limit, where the growth is a line. Foreseeable only where the '
'slope is 3 errors above 0 and rose by 1 % of the limit, and the crossing is within ten times the time seen '
'(at most 12 h of it). confidence: probability that it rises at all, by the logistic approximation of the '
'normal distribution; NULL: too few samples.';

GRANT EXECUTE ON FUNCTION
health_internal.line_reaches(
    double precision, double precision, double precision, double precision, double precision
),
health_internal.foretell_exhaustion(health_internal.resource_trends)
TO health_analyst, health_bridge;

COMMIT;
