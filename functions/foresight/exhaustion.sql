-- Time to exhaustion: a line through the decayed samples of each resource that has a limit, with the
-- standard error of its slope, and the times at which the line and its neighbours meet the limit.
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
    v_level double precision;
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
    slope_error_per_hour := sqrt(
        greatest(
            0,
            (p_trend).value_square_sum - slope_per_hour * (p_trend).product_sum
        ) / (p_trend).weight * v_effective / (v_effective - 2)
        * (p_trend).weight_square_sum / (p_trend).weight / (p_trend).hours_square_sum
        * (1 + v_alike) / (1 - v_alike)
    );
    slope_error_per_hour := greatest(slope_error_per_hour, 1e-6 * abs(slope_per_hour));
    v_z := CASE
        WHEN slope_error_per_hour > 0 THEN least(40, greatest(
            -40, slope_per_hour / slope_error_per_hour
        ))
        ELSE 0
    END;
    confidence := 1 / (1 + exp(-1.702 * v_z));
    IF v_z < 3 OR slope_per_hour * v_span < 0.01 * (p_trend).limit_value THEN
        basis := 'not foreseeable: the slope is not significantly positive';
        RETURN;
    END IF;
    v_level := greatest(
        (p_trend).used, (p_trend).mean_value - slope_per_hour * (p_trend).mean_hours
    );
    v_left := greatest(0, (p_trend).limit_value - v_level);
    IF v_left / slope_per_hour > 10 * v_span THEN
        basis := format(
            'not foreseeable: further away than ten times the %s hours seen', round(v_span::numeric, 1)
        );
        RETURN;
    END IF;
    exhausts_at := (p_trend).sampled_at + make_interval(secs => 3600 * v_left / slope_per_hour);
    exhausts_earliest_at := (p_trend).sampled_at + make_interval(
        secs => 3600 * v_left / (slope_per_hour + 2 * slope_error_per_hour)
    );
    exhausts_latest_at := (p_trend).sampled_at + make_interval(
        secs => 3600 * v_left / (slope_per_hour - 2 * slope_error_per_hour)
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
'size of an AR(1) series). Interval: slope ± 2 errors. Foreseeable only where the slope is 3 errors above '
'0 and rose by 1 % of the limit, and the crossing is within ten times the time seen (at most 12 h of it). '
'confidence: probability that it rises at all, by the logistic approximation of the normal distribution; '
'NULL: too few samples.';

GRANT EXECUTE ON FUNCTION health_internal.foretell_exhaustion(health_internal.resource_trends)
TO health_analyst, health_bridge;

CREATE OR REPLACE FUNCTION health_internal.resource_samples(p_now timestamptz)
RETURNS TABLE (
    agent_id text,
    resource text,
    sampled_at timestamptz,
    used double precision,
    limit_value double precision,
    run_started_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        status.agent_id, samples.resource, status.last_heartbeat_at, samples.used,
        samples.limit_value, status.run_started_at
    FROM health.agent_status AS status
    INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
    CROSS JOIN LATERAL (
        VALUES
        ('memory', status.memory_usage_mb, status.memory_limit_mb * policy.memory_hard_share),
        ('cpu', status.cpu_mean_percent, policy.cpu_hard_percent)
    ) AS samples (resource, used, limit_value)
    WHERE samples.used IS NOT NULL
        AND samples.limit_value > 0
        AND status.last_heartbeat_at > p_now - interval '10 minutes'
    UNION ALL
    SELECT
        series.agent_id, series.metric_name, series.last_received_at, series.last_value,
        coalesce(own.limit_value, common.limit_value, 100), NULL
    FROM health_internal.metric_series AS series
    LEFT JOIN health.resource_limits AS own
        ON series.metric_name = own.metric_name AND series.agent_id = own.agent_id
    LEFT JOIN health.resource_limits AS common
        ON series.metric_name = common.metric_name AND common.agent_id IS NULL
    WHERE series.last_received_at > p_now - interval '10 minutes'
        AND series.metric_name NOT IN ('memory', 'cpu')
        AND (
            own.limit_value IS NOT NULL
            OR common.limit_value IS NOT NULL
            -- A rising share of satisfied users exhausts nothing.
            OR (
                lower(series.unit) IN ('percent', '%')
                AND series.metric_name
                ~* '(disk|storage|space|inode|memory|heap|swap|cpu|pool|quota|usage|used|utili[sz]ation|fill)'
                AND series.metric_name !~* '(free|avail|idle|left|remaining)'
            )
        );
$$;
COMMENT ON FUNCTION health_internal.resource_samples(timestamptz) IS
'The present sample of each resource that has a limit: memory against its limit times the policy''s '
'memory_hard_share, mean CPU against cpu_hard_percent, metrics against resource_limits or, where their '
'unit is percent and their name says that something is used, against 100. Of the last ten minutes.';

CREATE OR REPLACE FUNCTION health_internal.foresee_exhaustion(p_now timestamptz)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SET jit = off
AS $$
DECLARE
    v_count bigint;
BEGIN
    INSERT INTO health_internal.resource_trends AS trends (
        agent_id, resource, used, limit_value, peak, began_at, sampled_at, mean_value
    )
    SELECT
        samples.agent_id, samples.resource, samples.used, samples.limit_value, samples.used,
        samples.sampled_at, samples.sampled_at, samples.used
    FROM health_internal.resource_samples(p_now) AS samples
    LEFT JOIN health_internal.resource_trends AS known
        ON samples.agent_id = known.agent_id AND samples.resource = known.resource
    -- A new run begins with empty hands, and after a day of silence nothing is known any more.
    WHERE known.agent_id IS NULL
        OR samples.run_started_at > known.sampled_at
        OR samples.sampled_at > known.sampled_at + interval '24 hours'
    ON CONFLICT (agent_id, resource) DO UPDATE SET (
        used, limit_value, peak, began_at, sampled_at, sample_count, weight, weight_square_sum,
        mean_hours, mean_value, hours_square_sum, product_sum, value_square_sum, last_residual,
        residual_square_sum, residual_product_sum
    ) = (
        excluded.used, excluded.limit_value, excluded.peak, excluded.began_at, excluded.sampled_at,
        1, 1, 1, 0, excluded.mean_value, 0, 0, 0, 0, 0, 0
    );

    UPDATE health_internal.resource_trends AS trends
    SET
        used = (moved.trend).used,
        limit_value = (moved.trend).limit_value,
        peak = (moved.trend).peak,
        sampled_at = (moved.trend).sampled_at,
        sample_count = (moved.trend).sample_count,
        weight = (moved.trend).weight,
        weight_square_sum = (moved.trend).weight_square_sum,
        mean_hours = (moved.trend).mean_hours,
        mean_value = (moved.trend).mean_value,
        hours_square_sum = (moved.trend).hours_square_sum,
        product_sum = (moved.trend).product_sum,
        value_square_sum = (moved.trend).value_square_sum,
        last_residual = (moved.trend).last_residual,
        residual_square_sum = (moved.trend).residual_square_sum,
        residual_product_sum = (moved.trend).residual_product_sum
    FROM (
        SELECT
            known.agent_id,
            known.resource,
            health_internal.moved_trend(
                known, samples.sampled_at, samples.used, samples.limit_value
            ) AS trend
        FROM health_internal.resource_samples(p_now) AS samples
        INNER JOIN health_internal.resource_trends AS known
            ON samples.agent_id = known.agent_id AND samples.resource = known.resource
        WHERE samples.sampled_at > known.sampled_at
        OFFSET 0
    ) AS moved
    WHERE trends.agent_id = moved.agent_id AND trends.resource = moved.resource;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    DELETE FROM health_internal.resource_trends AS trends
    WHERE trends.sampled_at < p_now - interval '7 days'
        OR NOT EXISTS (SELECT FROM health.agent_status WHERE agent_status.agent_id = trends.agent_id);
    PERFORM health_internal.find_exhaustion(p_now);
    RETURN v_count;
END;
$$;
COMMENT ON FUNCTION health_internal.foresee_exhaustion(timestamptz) IS
'Part of run_foresight: takes one sample of each resource into its trend and keeps the findings of the '
'rule exhaustion_ahead. Returns how many trends moved.';

CREATE OR REPLACE FUNCTION health_internal.find_exhaustion(p_now timestamptz)
RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    WITH ahead AS MATERIALIZED (
        SELECT
            trends.agent_id,
            min(told.exhausts_earliest_at) AS earliest_at,
            (array_agg(trends.resource ORDER BY told.exhausts_earliest_at))[1] AS resource,
            (array_agg(
                jsonb_build_object(
                    'resource', trends.resource, 'used', round(trends.used::numeric, 1),
                    'limit_value', round(trends.limit_value::numeric, 1),
                    'slope_per_hour', round(told.slope_per_hour::numeric, 3),
                    'exhausts_at', told.exhausts_at,
                    'exhausts_earliest_at', told.exhausts_earliest_at,
                    'exhausts_latest_at', told.exhausts_latest_at, 'basis', told.basis
                )
                ORDER BY told.exhausts_earliest_at
            ))[1] AS details
        FROM health_internal.resource_trends AS trends
        CROSS JOIN LATERAL health_internal.foretell_exhaustion(trends) AS told
        INNER JOIN health.agent_status AS status ON trends.agent_id = status.agent_id
        INNER JOIN health.current_policies AS policy ON status.policy_class = policy.policy_class
        LEFT JOIN health.rule_findings AS standing
            ON standing.rule = 'exhaustion_ahead'
            AND standing.agent_id = trends.agent_id
            AND standing.details ->> 'resource' = trends.resource
        WHERE trends.sampled_at > p_now - interval '10 minutes'
            AND status.liveness NOT IN ('stopped', 'unresponsive')
            -- What is full already is the judgement's to tell.
            AND told.exhausts_earliest_at > trends.sampled_at
            -- Once said, it is taken back only when it is clearly no longer so.
            AND told.exhausts_earliest_at <= p_now + make_interval(
                secs => policy.exhaustion_alert_seconds
                * CASE WHEN standing.rule IS NULL THEN 1 ELSE 1.5 END
            )
        GROUP BY trends.agent_id
    ),

    gone AS (
        DELETE FROM health.rule_findings AS standing
        WHERE standing.rule = 'exhaustion_ahead'
            AND NOT EXISTS (SELECT FROM ahead WHERE ahead.agent_id = standing.agent_id)
            -- A trend that wavers for some minutes is still a trend; a new run or a fall is not.
            AND NOT EXISTS (
                SELECT FROM health_internal.resource_trends AS trends
                CROSS JOIN LATERAL health_internal.foretell_exhaustion(trends) AS told
                WHERE trends.agent_id = standing.agent_id
                    AND trends.resource = standing.details ->> 'resource'
                    AND told.confidence > 0.95
                    AND told.exhausts_at IS NULL
                    AND told.slope_per_hour * 1.5 * (
                        SELECT policy.exhaustion_alert_seconds / 3600
                        FROM health.agent_status AS status
                        INNER JOIN health.current_policies AS policy
                            ON status.policy_class = policy.policy_class
                        WHERE status.agent_id = trends.agent_id
                    ) > trends.limit_value - trends.used
            )
    )

    INSERT INTO health.rule_findings AS standing (
        rule, agent_id, severity, summary, details, found_at, changed_at
    )
    SELECT
        rules.rule, ahead.agent_id, rules.severity,
        format('its %s will be exhausted', left(ahead.resource, 200)), ahead.details, p_now, p_now
    FROM ahead
    INNER JOIN health.alert_rules AS rules ON rules.rule = 'exhaustion_ahead'
    ON CONFLICT (rule, agent_id) DO UPDATE SET
        summary = excluded.summary,
        details = excluded.details,
        changed_at = excluded.changed_at
    WHERE (standing.summary, standing.details) IS DISTINCT FROM (excluded.summary, excluded.details);
END;
$$;
COMMENT ON FUNCTION health_internal.find_exhaustion(timestamptz) IS
'Keeps the findings of exhaustion_ahead: one per agent whose resource may meet its limit, at the earliest '
'plausible time, within the policy''s exhaustion_alert_seconds; it stands until that time is beyond 1.5 '
'times as much, or the trend is gone.';

CREATE OR REPLACE FUNCTION health.set_resource_limit(
    p_metric_name text,
    p_limit double precision,
    p_agent_id text DEFAULT NULL,
    p_now timestamptz DEFAULT clock_timestamp()
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(p_metric_name, '') = '' THEN
        RAISE EXCEPTION 'a resource limit needs the name of a metric'
            USING ERRCODE = 'FS001',
                HINT = 'For example health.set_resource_limit(''open_files'', 1024).';
    END IF;
    IF p_limit IS NULL THEN
        DELETE FROM health.resource_limits
        WHERE resource_limits.metric_name = p_metric_name
            AND resource_limits.agent_id IS NOT DISTINCT FROM p_agent_id;
        RETURN;
    END IF;
    IF p_agent_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM health.agents WHERE agents.agent_id = p_agent_id
    ) THEN
        RAISE EXCEPTION 'agent "%" is not registered', p_agent_id
            USING ERRCODE = 'AG001',
                HINT = 'SELECT agent_id FROM health.fleet lists the agents.';
    END IF;
    INSERT INTO health.resource_limits AS limits (
        metric_name, agent_id, limit_value, set_by, set_at
    )
    VALUES (p_metric_name, p_agent_id, p_limit, session_user, p_now)
    ON CONFLICT (metric_name, agent_id) DO UPDATE SET
        limit_value = excluded.limit_value,
        set_by = excluded.set_by,
        set_at = excluded.set_at;
END;
$$;
COMMENT ON FUNCTION health.set_resource_limit(text, double precision, text, timestamptz) IS
'Says at which value a metric is used up, for one agent or, without p_agent_id, for all; NULL takes it '
'back. Its time to exhaustion is in health.exhaustion. Raises FS001 without a name, AG001 for an unknown '
'agent, and a named CHECK for a limit that is none.';
GRANT EXECUTE ON FUNCTION health.set_resource_limit(text, double precision, text, timestamptz)
TO health_admin;

COMMIT;
