-- Time to exhaustion, live: a sample a minute of each resource that has a limit, and the findings.
BEGIN;

SET LOCAL ROLE health_owner;

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
            AND trends.used < trends.limit_value
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
            USING ERRCODE = 'AD001',
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
'back. Its time to exhaustion is in health.exhaustion. Raises AD001 without a name, AG001 for an unknown '
'agent, and a named CHECK for a limit that is none.';
GRANT EXECUTE ON FUNCTION health.set_resource_limit(text, double precision, text, timestamptz)
TO health_admin;

COMMIT;
