-- Money lost: what lost service cost by what agents earned then, and what is at risk. Every amount is a row,
-- rounded to the cent, so that rows sum to the figure.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.business_terms_held()
RETURNS TABLE (
    agent_id text,
    from_at timestamptz,
    until_at timestamptz,
    revenue_usd_per_hour numeric,
    manual_recovery_minutes double precision,
    manual_recovery_cost_usd numeric
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        terms.agent_id,
        -- What was known first held before, too.
        CASE
            WHEN lag(terms.valid_from) OVER by_time IS NULL THEN '-infinity'
            ELSE terms.valid_from
        END,
        coalesce(lead(terms.valid_from) OVER by_time, 'infinity'),
        terms.revenue_usd_per_hour,
        terms.manual_recovery_minutes,
        terms.manual_recovery_cost_usd
    FROM health.business_terms AS terms
    WHERE health_internal.is_business_agent(terms.agent_id)
    WINDOW by_time AS (PARTITION BY terms.agent_id ORDER BY terms.valid_from);
$$;
COMMENT ON FUNCTION health_internal.business_terms_held() IS
'What agents earned and what recovering them by hand took, with the time each row held.';

CREATE OR REPLACE FUNCTION health_internal.lost_revenue_rows(
    p_from timestamptz,
    p_to timestamptz
)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    WITH terms AS MATERIALIZED (
        SELECT held.*
        FROM health_internal.business_terms_held() AS held
        INNER JOIN health.agents ON held.agent_id = agents.agent_id
        WHERE held.revenue_usd_per_hour > 0 AND held.from_at < p_to AND held.until_at > p_from
    )

    -- That somebody earns makes the figure known, even where nothing was lost.
    SELECT
        'revenue_lost', NULL::text, NULL::bigint, NULL::bigint, p_from, p_to, 0::numeric,
        0::double precision, NULL::numeric, NULL::numeric,
        count(DISTINCT terms.agent_id) || ' agents earn revenue'
    FROM terms
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'revenue_lost',
        spans.agent_id,
        (
            SELECT incidents.incident_id
            FROM health.incidents
            WHERE incidents.agent_id = spans.agent_id
                AND incidents.onset_at < spans.to_at
                AND coalesce(incidents.resolved_at, 'infinity') > spans.from_at
            ORDER BY incidents.onset_at, incidents.incident_id
            LIMIT 1
        ),
        NULL,
        greatest(spans.from_at, terms.from_at),
        least(spans.to_at, terms.until_at),
        round(
            extract(EPOCH FROM least(spans.to_at, terms.until_at)
                - greatest(spans.from_at, terms.from_at)) / 3600
            * spans.lost_share::numeric * terms.revenue_usd_per_hour,
            2
        ),
        1,
        NULL,
        NULL,
        CASE spans.kind
            WHEN 'down' THEN 'down'
            ELSE 'degraded: ' || round((100 * spans.lost_share)::numeric, 1) || ' % of service lost'
        END
    FROM health_internal.service_spans(
        p_from, p_to, ARRAY(SELECT DISTINCT terms.agent_id FROM terms)
    ) AS spans
    INNER JOIN terms
        ON spans.agent_id = terms.agent_id
        AND terms.from_at < spans.to_at
        AND terms.until_at > spans.from_at
    WHERE spans.lost_share > 0 AND spans.kind IN ('degraded', 'down') AND spans.maintenance IS NULL;
$$;
COMMENT ON FUNCTION health_internal.lost_revenue_rows(timestamptz, timestamptz) IS
'Rows of revenue_lost: one per piece of lost service outside maintenance and price that held then.';

CREATE OR REPLACE FUNCTION health_internal.risk_rows(p_from timestamptz, p_to timestamptz)
RETURNS SETOF health_internal.business_row
LANGUAGE sql
STABLE
AS $$
    WITH standing AS (
        SELECT DISTINCT ON (incidents.agent_id) incidents.*
        FROM health.incidents
        WHERE incidents.agent_id IS NOT NULL
            AND incidents.detected_at < p_to
            AND coalesce(incidents.resolved_at, 'infinity') >= p_to
            AND incidents.severity IN ('critical', 'emergency')
            AND incidents.false_positive_at IS NULL
            AND health_internal.is_business_agent(incidents.agent_id)
        ORDER BY incidents.agent_id, incidents.incident_id
    ),

    terms AS (
        SELECT held.*
        FROM health_internal.business_terms_held() AS held
        INNER JOIN health.agents ON held.agent_id = agents.agent_id
        WHERE held.from_at < p_to AND held.until_at >= p_to AND held.revenue_usd_per_hour > 0
    )

    SELECT
        'open_critical_incidents', NULL::text, NULL::bigint, NULL::bigint, p_from, p_to,
        0::numeric, 0::double precision, NULL::numeric, NULL::numeric, NULL::text
    UNION ALL
    SELECT
        'open_critical_incidents', standing.agent_id, standing.incident_id, NULL,
        standing.onset_at, NULL, 1, 1, NULL, NULL, standing.severity
    FROM standing
    UNION ALL
    SELECT
        'revenue_at_risk', NULL, NULL, NULL, p_from, p_to, 0, 0, NULL, NULL,
        count(*) || ' agents earn revenue'
    FROM terms
    HAVING count(*) > 0
    UNION ALL
    SELECT
        'revenue_at_risk', standing.agent_id, standing.incident_id, NULL, standing.onset_at, NULL,
        round(terms.revenue_usd_per_hour, 2), 1, NULL, NULL, standing.severity
    FROM standing
    INNER JOIN terms ON standing.agent_id = terms.agent_id;
$$;
COMMENT ON FUNCTION health_internal.risk_rows(timestamptz, timestamptz) IS
'Rows of what stood at the end of the period: critical incidents and the revenue of their agents.';

COMMIT;
