-- Cold start: where no model is active, how sure it is that a resource with a known limit reaches it in time.
-- Nothing of this was learnt from failures, and it says so.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.chance_to_reach(
    p_gap double precision, p_standard_error double precision
)
RETURNS double precision
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_standard_error > 1e-12 * greatest(1, abs(p_gap))
        THEN 1 / (1 + exp(greatest(-30, least(30, 1.702 * p_gap / p_standard_error))))
    WHEN p_gap <= 0 THEN 1
    ELSE 0
END;
COMMENT ON FUNCTION health_internal.chance_to_reach(double precision, double precision) IS
'Chance that a forecast lies at or beyond a limit it is p_gap short of, given its standard error: the normal '
'distribution, as 1 / (1 + exp(1.702 z)), which is within 0.01 of it.';

CREATE OR REPLACE FUNCTION health_internal.trend_risks(p_at timestamptz, p_horizon interval)
RETURNS TABLE (agent_id text, probability double precision, reasons jsonb)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
    WITH told AS (
        SELECT beats.agent_id::text AS agent_id, 'memory' AS name,
            date_part('epoch', beats.received_at - p_at) AS x,
            100 * beats.memory_usage_mb / beats.memory_limit_mb AS y
        FROM (
            SELECT * FROM health.agent_heartbeats
            UNION ALL
            SELECT * FROM health.ingest_heartbeats
        ) AS beats
        WHERE beats.received_at > p_at - least(p_horizon, interval '6 hours') AND beats.received_at <= p_at
            AND beats.memory_limit_mb >= 1e-3
            AND health_internal.is_watched(beats.agent_id)
        UNION ALL
        SELECT logged.agent_id::text, logged.metric_name::text,
            date_part('epoch', logged.received_at - p_at), logged.metric_value
        FROM health.performance_metrics AS logged
        WHERE logged.received_at > p_at - least(p_horizon, interval '6 hours') AND logged.received_at <= p_at
            AND lower(logged.unit) IN ('%', 'percent')
            AND logged.metric_value BETWEEN 0 AND 100
            AND health_internal.is_watched(logged.agent_id)
    ),

    -- A least-squares line; the forecast's error grows with the distance from the data.
    lines AS (
        SELECT
            told.agent_id, told.name, count(*) AS n, max(told.x) - min(told.x) AS seconds,
            regr_slope(told.y, told.x) AS slope,
            regr_intercept(told.y, told.x) AS now_at,
            regr_avgx(told.y, told.x) AS mean_x,
            regr_sxx(told.y, told.x) AS sxx,
            greatest(0, regr_syy(told.y, told.x)
                - regr_sxy(told.y, told.x) ^ 2 / nullif(regr_sxx(told.y, told.x), 0)) / (count(*) - 2)
                AS variance
        FROM told
        GROUP BY told.agent_id, told.name
        HAVING count(*) >= 10 AND regr_sxx(told.y, told.x) > 0
    ),

    -- No line is carried further than three times what it was seen over.
    forecasts AS (
        SELECT
            lines.*,
            reach.seconds AS reach_seconds,
            lines.now_at + lines.slope * reach.seconds AS y,
            sqrt(lines.variance * (1 + 1.0 / lines.n + (reach.seconds - lines.mean_x) ^ 2 / lines.sxx)) AS error
        FROM lines
        CROSS JOIN LATERAL (
            SELECT least(date_part('epoch', p_horizon), 3 * lines.seconds) AS seconds
        ) AS reach
    ),

    risks AS (
        SELECT
            forecasts.*,
            CASE WHEN forecasts.slope > 0
                THEN health_internal.chance_to_reach(100 - forecasts.y, forecasts.error)
                ELSE 0
            END AS chance
        FROM forecasts
    )

    SELECT
        risks.agent_id,
        max(risks.chance),
        jsonb_agg(jsonb_build_object(
            'reason', format(
                'trend, not a model: %s is at %s %%, %s %s %% per hour%s', risks.name,
                health_internal.number_text(risks.now_at),
                CASE WHEN risks.slope > 0 THEN 'rising by' ELSE 'changing by' END,
                health_internal.number_text(3600 * risks.slope),
                CASE WHEN risks.slope > 0 AND risks.now_at < 100 THEN
                    ': full in ' || health_internal.span_text((100 - risks.now_at) / risks.slope)
                    ELSE '' END
            ),
            'family', 'trend ' || risks.name,
            'confidence', round(risks.chance::numeric, 3)
        ) ORDER BY risks.chance DESC, risks.name)
    FROM risks
    GROUP BY risks.agent_id;
$$;
COMMENT ON FUNCTION health_internal.trend_risks(timestamptz, interval) IS
'For agents with at least 10 values in the last 6 hours (or horizon) of memory with a limit, or of metrics in '
'percent: the chance that a straight line through them reaches 100 % within the horizon, and why.';

COMMIT;
