-- Business figures of the last days, for people who ask without a period.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE VIEW health.availability AS
SELECT
    periods.period_days,
    rows.agent_id,
    rows.availability_percent,
    rows.up_seconds,
    rows.degraded_seconds,
    rows.down_seconds,
    rows.lost_seconds,
    rows.maintenance_seconds,
    rows.unknown_seconds,
    rows.off_seconds,
    rows.not_measured
FROM (VALUES (1), (7), (30)) AS periods (period_days)
CROSS JOIN LATERAL health.availability_between(
    now() - make_interval(days => periods.period_days), now(), 'declared', 'as_up', NULL, now()
) AS rows;
COMMENT ON VIEW health.availability IS
'One row per agent, and of the fleet (agent_id NULL), for the last 1, 7 and 30 days; maintenance as each '
'window declares, degraded as up. Other methods and periods: availability_between. Stable within a major '
'version.';
COMMENT ON COLUMN health.availability.period_days IS 'Length of the period up to now, days.';
COMMENT ON COLUMN health.availability.agent_id IS 'Which agent; NULL: the fleet.';
COMMENT ON COLUMN health.availability.availability_percent IS
'Time in service over time at work that is known, percent; NULL: not measured.';
COMMENT ON COLUMN health.availability.up_seconds IS
'Seconds in service, with maintenance counted as up.';
COMMENT ON COLUMN health.availability.degraded_seconds IS
'Seconds in service with status poor or critical.';
COMMENT ON COLUMN health.availability.down_seconds IS 'Seconds unresponsive or failed.';
COMMENT ON COLUMN health.availability.lost_seconds IS
'Seconds of service lost, of degraded time the share that the score lacked of 100.';
COMMENT ON COLUMN health.availability.maintenance_seconds IS 'Seconds in maintenance.';
COMMENT ON COLUMN health.availability.unknown_seconds IS
'Seconds in which the monitor was blind; in no percentage.';
COMMENT ON COLUMN health.availability.off_seconds IS
'Seconds not at work: never seen yet, or stopped; in no percentage.';
COMMENT ON COLUMN health.availability.not_measured IS 'Why there is no percentage.';

CREATE VIEW health.kpis AS
SELECT
    figures.figure,
    figures.title,
    figures.value,
    figures.unit,
    figures.low,
    figures.high,
    figures.row_count,
    figures.objective,
    figures.is_met,
    figures.not_measured,
    figures.meaning
FROM health.kpis_between(now() - interval '30 days', now(), now()) AS figures;
COMMENT ON VIEW health.kpis IS
'One row per figure of the last 30 days; other periods: kpis_between. Stable within a major version.';
COMMENT ON COLUMN health.kpis.figure IS 'Name of the figure, as in business_figures.';
COMMENT ON COLUMN health.kpis.title IS 'Name for people.';
COMMENT ON COLUMN health.kpis.value IS 'Its value; NULL: not measured.';
COMMENT ON COLUMN health.kpis.unit IS 'Unit of value, low, high and objective.';
COMMENT ON COLUMN health.kpis.low IS 'Lower end of its 95 % interval; NULL: it has none.';
COMMENT ON COLUMN health.kpis.high IS 'Upper end.';
COMMENT ON COLUMN health.kpis.row_count IS 'Rows that make it.';
COMMENT ON COLUMN health.kpis.objective IS 'What is aimed at.';
COMMENT ON COLUMN health.kpis.is_met IS 'Whether that is reached; NULL: there is none, or no value.';
COMMENT ON COLUMN health.kpis.not_measured IS
'Why it is not measured; beside a value: what part of it is not.';
COMMENT ON COLUMN health.kpis.meaning IS 'What it says.';

CREATE VIEW health.business_impact AS
SELECT
    agents.agent_id,
    agents.agent_name,
    agents.tenant,
    agents.criticality,
    agents.revenue_usd_per_hour,
    rows.availability_percent,
    rows.lost_seconds,
    coalesce(incidents.incident_count, 0) AS incident_count,
    coalesce(money.revenue_lost_usd, 0) AS revenue_lost_usd,
    coalesce(money.revenue_at_risk_usd_per_hour, 0) AS revenue_at_risk_usd_per_hour,
    coalesce(money.revenue_protected_usd, 0) AS revenue_protected_usd,
    coalesce(money.cost_avoided_usd, 0) AS cost_avoided_usd
FROM health.agents
INNER JOIN health.availability_between(
    now() - interval '30 days', now(), 'declared', 'as_up', NULL, now()
) AS rows ON agents.agent_id = rows.agent_id
LEFT JOIN (
    SELECT known.agent_id, sum(known.amount) AS incident_count
    FROM health.business_impact_detail(
        now() - interval '30 days', now(), 'incident_count', now()
    ) AS known
    GROUP BY known.agent_id
) AS incidents ON agents.agent_id = incidents.agent_id
LEFT JOIN (
    SELECT
        known.agent_id,
        sum(known.amount) FILTER (WHERE figures.figure = 'revenue_lost') AS revenue_lost_usd,
        sum(known.amount) FILTER (WHERE figures.figure = 'revenue_at_risk')
            AS revenue_at_risk_usd_per_hour,
        sum(known.amount) FILTER (WHERE figures.figure = 'revenue_protected')
            AS revenue_protected_usd,
        sum(known.amount) FILTER (WHERE figures.figure = 'cost_avoidance') AS cost_avoided_usd
    FROM (
        VALUES ('revenue_lost'), ('revenue_at_risk'), ('revenue_protected'), ('cost_avoidance')
    ) AS figures (figure)
    CROSS JOIN LATERAL health.business_impact_detail(
        now() - interval '30 days', now(), figures.figure, now()
    ) AS known
    GROUP BY known.agent_id
) AS money ON agents.agent_id = money.agent_id;
COMMENT ON VIEW health.business_impact IS
'One row per agent: what it cost and what was saved on it in the last 30 days; the monitor''s own agents '
'left out. Stable within a major version.';
COMMENT ON COLUMN health.business_impact.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.business_impact.agent_name IS 'Name for people.';
COMMENT ON COLUMN health.business_impact.tenant IS 'Whose agent it is.';
COMMENT ON COLUMN health.business_impact.criticality IS 'low, normal, high or vital.';
COMMENT ON COLUMN health.business_impact.revenue_usd_per_hour IS
'What it earns at present, US dollars per hour.';
COMMENT ON COLUMN health.business_impact.availability_percent IS
'Availability, maintenance as declared, degraded as up; NULL: not at work.';
COMMENT ON COLUMN health.business_impact.lost_seconds IS 'Seconds of service lost.';
COMMENT ON COLUMN health.business_impact.incident_count IS 'Incidents detected.';
COMMENT ON COLUMN health.business_impact.revenue_lost_usd IS 'Revenue lost, US dollars.';
COMMENT ON COLUMN health.business_impact.revenue_at_risk_usd_per_hour IS
'Revenue of an open critical incident, US dollars per hour.';
COMMENT ON COLUMN health.business_impact.revenue_protected_usd IS
'Revenue that automated recovery protected, US dollars.';
COMMENT ON COLUMN health.business_impact.cost_avoided_usd IS
'Cost of manual recoveries avoided, US dollars.';

GRANT SELECT ON health.availability, health.kpis, health.business_impact
TO health_analyst, health_bridge;

COMMIT;
