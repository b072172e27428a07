-- The figures there are.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.business_figures (
    figure text COLLATE "C" NOT NULL,
    place integer NOT NULL,
    title text NOT NULL,
    unit text NOT NULL,
    made_by text NOT NULL,
    objective double precision,
    is_more_better boolean,
    meaning text NOT NULL,
    missing text NOT NULL,
    CONSTRAINT business_figures_pkey PRIMARY KEY (figure),
    CONSTRAINT figure_is_made_by_sum_mean_percent_or_slope
    CHECK (made_by IN ('sum', 'mean', 'percent', 'slope')),
    CONSTRAINT unit_of_a_figure_is_known
    CHECK (unit IN (
            'count', 'hours', 'percent', 'percent per day', 'per day', 'points', 'seconds', 'usd',
            'usd per hour'
        ))
);

COMMENT ON TABLE health.business_figures IS
'One row per figure of health.kpis: what it means and how it comes of the rows of '
'health.business_impact_detail.';
COMMENT ON COLUMN health.business_figures.figure IS 'Name of the figure.';
COMMENT ON COLUMN health.business_figures.place IS 'Its place in lists.';
COMMENT ON COLUMN health.business_figures.title IS 'Name for people.';
COMMENT ON COLUMN health.business_figures.unit IS
'count, hours, percent, percent per day, per day, points (0..100), seconds, usd or usd per hour.';
COMMENT ON COLUMN health.business_figures.made_by IS
'How its rows make it: sum of amount; mean of amount by weight; percent (the same of rows that are 0 '
'or 100); slope (of amount over from_at, per day, by weight 1).';
COMMENT ON COLUMN health.business_figures.objective IS
'What is aimed at, in its unit; NULL: nothing. Administrators may change it.';
COMMENT ON COLUMN health.business_figures.is_more_better IS
'Whether more than the objective is good; NULL: neither.';
COMMENT ON COLUMN health.business_figures.meaning IS 'What it says, for people.';
COMMENT ON COLUMN health.business_figures.missing IS
'Why it is not measured where there are no rows at all.';

INSERT INTO health.business_figures (
    figure, place, title, unit, made_by, objective, is_more_better, meaning, missing
)
VALUES
(
    'availability', 10, 'Availability', 'percent', 'mean', 99.9, true,
    'Time in service over time at work, maintenance as each window declares, degraded as up.',
    'no agent was at work'
),
(
    'availability_lost_share', 20, 'Availability, degraded as lost share', 'percent', 'mean',
    NULL, true,
    'The same, but of degraded time only the share that the score had of 100.',
    'no agent was at work'
),
(
    'availability_against_comparison', 30, 'Availability against comparison', 'points', 'sum', 0,
    true,
    'Availability less business_settings.comparison_availability_percent.',
    'there is no availability, or nothing to compare it with'
),
(
    'system_health', 40, 'System health', 'points', 'mean', NULL, true,
    'Mean score of the agents over the time they were at work, as of each transition.',
    'no agent was at work'
),
(
    'incident_count', 50, 'Incidents', 'count', 'sum', NULL, false,
    'Incidents of agents that were detected in the period.',
    'no incident in the period'
),
(
    'open_critical_incidents', 60, 'Critical incidents open at the end', 'count', 'sum', 0, false,
    'Critical incidents of agents that were open at the end of the period.',
    'no incident in the period'
),
(
    'mean_time_to_detection', 70, 'Mean time to detection', 'seconds', 'mean', 30, false,
    'From the true onset of an incident to its detection.',
    'no incident in the period'
),
(
    'mean_time_to_alert', 80, 'Mean time to alert', 'seconds', 'mean', 5, false,
    'From detection to the first message that arrived.',
    'no incident in the period'
),
(
    'mean_time_to_acknowledge', 90, 'Mean time to acknowledge', 'seconds', 'mean', NULL, false,
    'From detection to the person who took it.',
    'no incident in the period'
),
(
    'mean_time_to_recovery', 100, 'Mean time to recovery', 'seconds', 'mean', 120, false,
    'From the true onset of an incident to its end.',
    'no incident in the period'
),
(
    'automated_recovery_success', 110, 'Automated recovery success', 'percent', 'percent', 95, true,
    'Attempts of the engine to recover that were verified, of all that ended.',
    'no recovery ended in the period'
),
(
    'escalation_rate', 120, 'Escalation rate', 'percent', 'percent', 5, false,
    'Attempts of the engine to recover that ended with a person being asked.',
    'no recovery ended in the period'
),
(
    'false_positive_rate', 130, 'False positive rate', 'percent', 'percent', 2, false,
    'Incidents that people marked as false positives, of all.',
    'no incident in the period'
),
(
    'self_resolved_rate', 140, 'Self-resolved rate', 'percent', 'percent', NULL, false,
    'Incidents that were over without a recovery and without anybody taking them, of those '
    'that were over.',
    'no incident in the period'
),
(
    'manual_intervention_reduction', 150, 'Manual interventions saved', 'percent', 'percent', 90,
    true,
    'Incidents recovered without a person, of those that somebody or something acted on.',
    'no incident in the period'
),
(
    'manual_hours_avoided', 160, 'Manual work avoided', 'hours', 'sum', NULL, true,
    'What automated recoveries would have taken people, by manual_recovery_minutes.',
    'no automated recovery in the period'
),
(
    'revenue_at_risk', 170, 'Revenue at risk at the end', 'usd per hour', 'sum', 0, false,
    'What agents in critical incidents earned, at the end of the period.',
    'no agent has revenue_usd_per_hour'
),
(
    'revenue_lost', 180, 'Revenue lost', 'usd', 'sum', 0, false,
    'Lost service outside maintenance times what the agent earned then.',
    'no agent has revenue_usd_per_hour'
),
(
    'revenue_protected', 190, 'Revenue protected', 'usd', 'sum', NULL, true,
    'What automated recovery ended sooner than people would have, times what the agent '
    'earned; its interval is that of manual_recovery_minutes.',
    'no agent has revenue_usd_per_hour'
),
(
    'cost_avoidance', 200, 'Cost avoided', 'usd', 'sum', NULL, true,
    'What the same recoveries would have cost by hand, by manual_recovery_cost_usd.',
    'no automated recovery in the period'
),
(
    'monitoring_cost', 210, 'Cost of the monitoring', 'usd', 'sum', NULL, false,
    'business_settings.monitoring_usd_per_month for the length of the period.',
    'business_settings.monitoring_usd_per_month is not set'
),
(
    'net_benefit', 220, 'Net benefit', 'usd', 'sum', NULL, true,
    'Revenue protected and cost avoided less the cost of the monitoring.',
    'business_settings.monitoring_usd_per_month is not set'
),
(
    'roi', 230, 'Return on monitoring', 'percent', 'sum', 0, true,
    'Net benefit as a share of the cost of the monitoring.',
    'business_settings.monitoring_usd_per_month is not set'
),
(
    'user_satisfaction', 240, 'User satisfaction', 'points', 'mean', 98, true,
    'user_satisfaction as agents reported it, 0 to 100.',
    'no agent reported user_satisfaction'
),
(
    'capacity_utilization', 250, 'Capacity utilisation', 'percent', 'mean', 80, false,
    'Mean of the greater of CPU and memory share, each agent alike.',
    'no agent reported CPU, or memory and its limit'
),
(
    'growth_readiness', 260, 'Room for growth', 'percent', 'sum', 0, true,
    'How much more load would bring the mean utilisation to '
    'business_settings.capacity_limit_percent.',
    'no agent reported CPU, or memory and its limit'
),
(
    'monitor_headroom', 270, 'Headroom of the monitor', 'percent', 'sum', 0, true,
    'Share of its period that the engine''s last tick left free.',
    'the engine has not ticked'
),
(
    'resource_waste', 280, 'Resource waste', 'percent', 'mean', NULL, false,
    'Memory that agents were given and did not use.',
    'no agent reported memory and its limit'
),
(
    'resource_waste_reduction', 290, 'Resource waste reduced', 'percent', 'sum', 40, true,
    'Resource waste against the period before, as long as this one.',
    'no agent reported memory and its limit in both periods'
),
(
    'availability_trend', 300, 'Trend of availability', 'percent per day', 'slope', 0, true,
    'Slope of the availability of days (of hours, below a week), degraded as lost share.',
    'fewer than five days or hours are rolled up'
),
(
    'incident_trend', 310, 'Trend of incidents', 'per day', 'slope', 0, false,
    'Slope of the number of incidents a day (an hour, below a week).',
    'the period is shorter than five hours'
);

GRANT SELECT ON health.business_figures TO health_analyst, health_bridge;
GRANT UPDATE (objective) ON health.business_figures TO health_admin;

COMMIT;
