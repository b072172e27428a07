-- Money and service in rows: what agents earn and when, what the monitoring costs, the figures there
-- are, and the roll-ups that keep years cheap.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.business_settings (
    is_only_row boolean NOT NULL DEFAULT true,
    monitoring_usd_per_month numeric,
    manual_recovery_minutes double precision,
    manual_recovery_cost_usd numeric,
    manual_recovery_spread double precision NOT NULL DEFAULT 0.5,
    comparison_availability_percent double precision DEFAULT 97,
    capacity_limit_percent double precision NOT NULL DEFAULT 80,
    report_channel text COLLATE "C",
    report_weekday integer NOT NULL DEFAULT 1,
    report_time time NOT NULL DEFAULT '07:00',
    report_time_zone text NOT NULL DEFAULT 'UTC',
    is_rolling_up_heartbeats boolean NOT NULL DEFAULT true,
    hour_retention interval NOT NULL DEFAULT '90 days',
    day_retention interval NOT NULL DEFAULT '5 years',
    CONSTRAINT business_settings_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT business_settings_has_one_row
    CHECK (is_only_row),
    CONSTRAINT monitoring_has_a_positive_price
    CHECK (monitoring_usd_per_month > 0 AND monitoring_usd_per_month <= 1e12),
    CONSTRAINT a_manual_recovery_takes_0_minutes_to_1_year
    CHECK (manual_recovery_minutes BETWEEN 0 AND 527040),
    CONSTRAINT a_manual_recovery_costs_0_to_1e12_usd
    CHECK (manual_recovery_cost_usd BETWEEN 0 AND 1e12),
    CONSTRAINT manual_recovery_spread_is_0_to_1
    CHECK (manual_recovery_spread BETWEEN 0 AND 1),
    CONSTRAINT percentages_to_compare_with_are_above_0_and_at_most_100
    CHECK (comparison_availability_percent > 0 AND comparison_availability_percent <= 100
        AND capacity_limit_percent > 0 AND capacity_limit_percent <= 100),
    CONSTRAINT report_weekday_is_1_to_7
    CHECK (report_weekday BETWEEN 1 AND 7),
    CONSTRAINT report_time_zone_is_a_name
    CHECK (report_time_zone ~ '^[A-Za-z_]+([/+-][A-Za-z0-9_+-]+)*$'),
    CONSTRAINT roll_ups_are_kept_2_days_to_100_years
    CHECK (least(hour_retention, day_retention) >= interval '2 days'
        AND greatest(hour_retention, day_retention) <= interval '100 years')
);

COMMENT ON TABLE health.business_settings IS
'One row: what the business figures are reckoned with, and the weekly report.';
COMMENT ON COLUMN health.business_settings.is_only_row IS 'Always true; makes the row unique.';
COMMENT ON COLUMN health.business_settings.monitoring_usd_per_month IS
'What the monitoring costs in all, US dollars per month (of 30.4375 days); NULL: not told, and no return on it.';
COMMENT ON COLUMN health.business_settings.manual_recovery_minutes IS
'How long people take to recover an agent that says nothing else; NULL: not told.';
COMMENT ON COLUMN health.business_settings.manual_recovery_cost_usd IS
'What that costs in work, for an agent that says nothing else; NULL: not told.';
COMMENT ON COLUMN health.business_settings.manual_recovery_spread IS
'How far manual_recovery_minutes may be off, as a share: the interval of what was protected.';
COMMENT ON COLUMN health.business_settings.comparison_availability_percent IS
'Availability to compare with, percent; 97 is what the product''s first description called the average of its industry. NULL: none.';
COMMENT ON COLUMN health.business_settings.capacity_limit_percent IS
'Mean utilisation up to which there is room for growth, percent.';
COMMENT ON COLUMN health.business_settings.report_channel IS
'Channel the weekly report goes to; NULL: none is sent.';
COMMENT ON COLUMN health.business_settings.report_weekday IS
'Day it is sent, Monday 1 to Sunday 7; it tells of the seven days before.';
COMMENT ON COLUMN health.business_settings.report_time IS 'Local time it is sent.';
COMMENT ON COLUMN health.business_settings.report_time_zone IS 'Time zone of that, by name.';
COMMENT ON COLUMN health.business_settings.is_rolling_up_heartbeats IS
'Whether raw rows are counted into roll-ups and hours of features before their partitions are dropped.';
COMMENT ON COLUMN health.business_settings.hour_retention IS
'How long agent_hours and hours of features are kept.';
COMMENT ON COLUMN health.business_settings.day_retention IS 'How long agent_days are kept.';

INSERT INTO health.business_settings DEFAULT VALUES;

CREATE TABLE health.business_terms (
    agent_id text COLLATE "C" NOT NULL,
    valid_from timestamptz NOT NULL,
    revenue_usd_per_hour numeric NOT NULL,
    manual_recovery_minutes double precision,
    manual_recovery_cost_usd numeric,
    CONSTRAINT business_terms_pkey PRIMARY KEY (agent_id, valid_from),
    CONSTRAINT terms_are_not_negative
    CHECK (revenue_usd_per_hour >= 0 AND manual_recovery_minutes >= 0
        AND manual_recovery_cost_usd >= 0)
);

COMMENT ON TABLE health.business_terms IS
'One row per change of what an agent earns and what recovering it by hand takes, so that a new price '
'changes no past figure. Kept by a trigger of agents; administrators may correct it.';
COMMENT ON COLUMN health.business_terms.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.business_terms.valid_from IS
'Since when; -infinity: as long as is known. It holds until the next row.';
COMMENT ON COLUMN health.business_terms.revenue_usd_per_hour IS 'As agents.revenue_usd_per_hour.';
COMMENT ON COLUMN health.business_terms.manual_recovery_minutes IS
'As agents.manual_recovery_minutes.';
COMMENT ON COLUMN health.business_terms.manual_recovery_cost_usd IS
'As agents.manual_recovery_cost_usd.';

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

CREATE TABLE health.agent_hours (
    agent_id text COLLATE "C" NOT NULL,
    hour_at timestamptz NOT NULL,
    excellent_seconds real NOT NULL DEFAULT 0,
    good_seconds real NOT NULL DEFAULT 0,
    fair_seconds real NOT NULL DEFAULT 0,
    poor_seconds real NOT NULL DEFAULT 0,
    critical_seconds real NOT NULL DEFAULT 0,
    late_seconds real NOT NULL DEFAULT 0,
    unresponsive_seconds real NOT NULL DEFAULT 0,
    up_seconds double precision NOT NULL DEFAULT 0,
    degraded_seconds double precision NOT NULL DEFAULT 0,
    down_seconds double precision NOT NULL DEFAULT 0,
    lost_seconds double precision NOT NULL DEFAULT 0,
    unknown_seconds double precision NOT NULL DEFAULT 0,
    maintenance_up_seconds double precision NOT NULL DEFAULT 0,
    maintenance_degraded_seconds double precision NOT NULL DEFAULT 0,
    maintenance_down_seconds double precision NOT NULL DEFAULT 0,
    maintenance_lost_seconds double precision NOT NULL DEFAULT 0,
    maintenance_counted_seconds double precision NOT NULL DEFAULT 0,
    score_seconds double precision NOT NULL DEFAULT 0,
    revenue_lost_usd double precision NOT NULL DEFAULT 0,
    beat_count bigint NOT NULL DEFAULT 0,
    error_beat_count bigint NOT NULL DEFAULT 0,
    error_count bigint NOT NULL DEFAULT 0,
    item_count bigint NOT NULL DEFAULT 0,
    processing_count bigint NOT NULL DEFAULT 0,
    processing_sum_ms double precision NOT NULL DEFAULT 0,
    utilisation_count bigint NOT NULL DEFAULT 0,
    utilisation_sum_percent double precision NOT NULL DEFAULT 0,
    memory_count bigint NOT NULL DEFAULT 0,
    memory_used_sum_mb double precision NOT NULL DEFAULT 0,
    memory_limit_sum_mb double precision NOT NULL DEFAULT 0,
    satisfaction_count bigint NOT NULL DEFAULT 0,
    satisfaction_sum double precision NOT NULL DEFAULT 0,
    last_error_count bigint,
    last_item_count bigint,
    CONSTRAINT agent_hours_pkey PRIMARY KEY (agent_id, hour_at)
) WITH (fillfactor = 80);

COMMENT ON TABLE health.agent_hours IS
'One row per agent and hour in which it was at work or beat; from status_transitions an hour after '
'hour and from heartbeats partition by partition. Made by run_rollups; kept hour_retention.';
COMMENT ON COLUMN health.agent_hours.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.agent_hours.hour_at IS 'Beginning of the hour (UTC).';
COMMENT ON COLUMN health.agent_hours.excellent_seconds IS 'Seconds in status excellent.';
COMMENT ON COLUMN health.agent_hours.good_seconds IS 'Seconds in status good.';
COMMENT ON COLUMN health.agent_hours.fair_seconds IS 'Seconds in status fair.';
COMMENT ON COLUMN health.agent_hours.poor_seconds IS 'Seconds in status poor.';
COMMENT ON COLUMN health.agent_hours.critical_seconds IS 'Seconds in status critical.';
COMMENT ON COLUMN health.agent_hours.late_seconds IS 'Seconds in liveness late.';
COMMENT ON COLUMN health.agent_hours.unresponsive_seconds IS
'Seconds in liveness unresponsive, since its last heartbeat.';
COMMENT ON COLUMN health.agent_hours.up_seconds IS
'Seconds in service; this and the next three count maintenance like any other time.';
COMMENT ON COLUMN health.agent_hours.degraded_seconds IS
'Seconds in service with status poor or critical.';
COMMENT ON COLUMN health.agent_hours.down_seconds IS 'Seconds unresponsive or failed.';
COMMENT ON COLUMN health.agent_hours.lost_seconds IS
'Seconds of service lost: all of down, and of degraded the share that the score lacks of 100.';
COMMENT ON COLUMN health.agent_hours.unknown_seconds IS 'Seconds in which the monitor was blind.';
COMMENT ON COLUMN health.agent_hours.maintenance_up_seconds IS
'Those of up_seconds that were in maintenance (not of windows counted as measured).';
COMMENT ON COLUMN health.agent_hours.maintenance_degraded_seconds IS
'The same of degraded_seconds.';
COMMENT ON COLUMN health.agent_hours.maintenance_down_seconds IS 'The same of down_seconds.';
COMMENT ON COLUMN health.agent_hours.maintenance_lost_seconds IS 'The same of lost_seconds.';
COMMENT ON COLUMN health.agent_hours.maintenance_counted_seconds IS
'Seconds in maintenance of windows that are counted_as_up; the rest is excluded.';
COMMENT ON COLUMN health.agent_hours.score_seconds IS
'Score, as of the latest transition, times seconds; over up + degraded + down it is the mean score.';
COMMENT ON COLUMN health.agent_hours.revenue_lost_usd IS
'lost_seconds outside maintenance times what the agent earned, US dollars.';
COMMENT ON COLUMN health.agent_hours.beat_count IS 'Heartbeats received.';
COMMENT ON COLUMN health.agent_hours.error_beat_count IS 'Those in state error or failed.';
COMMENT ON COLUMN health.agent_hours.error_count IS 'Errors, as differences of the counter told.';
COMMENT ON COLUMN health.agent_hours.item_count IS 'Work items, likewise.';
COMMENT ON COLUMN health.agent_hours.processing_count IS 'Heartbeats that told a processing time.';
COMMENT ON COLUMN health.agent_hours.processing_sum_ms IS 'Sum of those, milliseconds.';
COMMENT ON COLUMN health.agent_hours.utilisation_count IS
'Heartbeats that told CPU, or memory and its limit.';
COMMENT ON COLUMN health.agent_hours.utilisation_sum_percent IS
'Sum of the greater of the two, percent.';
COMMENT ON COLUMN health.agent_hours.memory_count IS 'Heartbeats that told memory and its limit.';
COMMENT ON COLUMN health.agent_hours.memory_used_sum_mb IS 'Sum of memory, megabytes.';
COMMENT ON COLUMN health.agent_hours.memory_limit_sum_mb IS 'Sum of limits, megabytes.';
COMMENT ON COLUMN health.agent_hours.satisfaction_count IS
'Heartbeats that told user_satisfaction.';
COMMENT ON COLUMN health.agent_hours.satisfaction_sum IS 'Sum of it, percent.';
COMMENT ON COLUMN health.agent_hours.last_error_count IS
'Counter of errors as last told; differences go on from here.';
COMMENT ON COLUMN health.agent_hours.last_item_count IS 'Counter of work items as last told.';

CREATE INDEX agent_hours_hour_idx ON health.agent_hours USING brin (hour_at)
WITH (pages_per_range = 16);
COMMENT ON INDEX health.agent_hours_hour_idx IS
'health_internal.roll_up_days reads the hours of a day, health_internal.sweep_rollups those past '
'retention; rows come in the order of time.';

-- The same by the day.
CREATE TABLE health.agent_days (
    LIKE health.agent_hours INCLUDING DEFAULTS INCLUDING COMMENTS,
    CONSTRAINT agent_days_pkey PRIMARY KEY (agent_id, hour_at)
) WITH (fillfactor = 80);
ALTER TABLE health.agent_days RENAME COLUMN hour_at TO day_at;
ALTER TABLE health.agent_days DROP COLUMN last_error_count, DROP COLUMN last_item_count;
COMMENT ON TABLE health.agent_days IS
'One row per agent and day (UTC) in which it was at work or beat: the sums of agent_hours. A day is '
'complete, and used by availability, once run_rollups has passed its end.';
COMMENT ON COLUMN health.agent_days.day_at IS 'Beginning of the day (UTC).';

CREATE INDEX agent_days_day_idx ON health.agent_days USING brin (day_at)
WITH (pages_per_range = 16);
COMMENT ON INDEX health.agent_days_day_idx IS
'health_internal.service_seconds reads the days of a period, health_internal.sweep_rollups those past '
'retention.';

CREATE TABLE health_internal.rollup_state (
    is_only_row boolean NOT NULL DEFAULT true,
    rolled_from timestamptz,
    hours_until timestamptz,
    days_until timestamptz,
    transition_id bigint NOT NULL DEFAULT 0,
    gaps_settled_until timestamptz NOT NULL DEFAULT '-infinity',
    reported_at timestamptz,
    CONSTRAINT rollup_state_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT rollup_state_has_one_row
    CHECK (is_only_row)
);

COMMENT ON TABLE health_internal.rollup_state IS
'One row: how far the roll-ups are. Whoever holds it rolls up; another one finds it locked.';
COMMENT ON COLUMN health_internal.rollup_state.is_only_row IS
'Always true; makes the row unique.';
COMMENT ON COLUMN health_internal.rollup_state.rolled_from IS
'Day with which the roll-ups begin; NULL: there are none.';
COMMENT ON COLUMN health_internal.rollup_state.hours_until IS
'agent_hours are made up to here; NULL: none are.';
COMMENT ON COLUMN health_internal.rollup_state.days_until IS 'agent_days likewise.';
COMMENT ON COLUMN health_internal.rollup_state.transition_id IS
'Transitions up to here are in; a later one may reach back before hours_until.';
COMMENT ON COLUMN health_internal.rollup_state.gaps_settled_until IS
'Monitor gaps that settled by then are in.';
COMMENT ON COLUMN health_internal.rollup_state.reported_at IS
'Scheduled time of the last weekly report that was queued.';

INSERT INTO health_internal.rollup_state DEFAULT VALUES;

CREATE TABLE health_internal.rollup_corrections (
    correction_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    from_at timestamptz NOT NULL,
    CONSTRAINT rollup_corrections_pkey PRIMARY KEY (correction_id)
);

COMMENT ON TABLE health_internal.rollup_corrections IS
'One row per agent whose past was told anew (a false positive): its roll-ups are made again.';
COMMENT ON COLUMN health_internal.rollup_corrections.correction_id IS 'Number of the correction.';
COMMENT ON COLUMN health_internal.rollup_corrections.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.rollup_corrections.from_at IS 'From when on.';

CREATE TYPE health_internal.business_row AS (
    figure text,
    agent_id text,
    incident_id bigint,
    action_id bigint,
    from_at timestamptz,
    to_at timestamptz,
    amount numeric,
    weight double precision,
    low numeric,
    high numeric,
    note text
);
COMMENT ON TYPE health_internal.business_row IS
'A row that a figure is made of; amount NULL: it cannot be measured here, and note says why.';

GRANT SELECT ON health.business_settings, health.business_terms, health.business_figures,
health.agent_hours, health.agent_days TO health_analyst, health_bridge;
GRANT UPDATE ON health.business_settings TO health_admin;
GRANT UPDATE (objective) ON health.business_figures TO health_admin;
GRANT INSERT, UPDATE, DELETE ON health.business_terms TO health_admin;

COMMIT;
