-- What agents earn and when, and what the business figures are reckoned with.
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

GRANT SELECT ON health.business_settings, health.business_terms TO health_analyst, health_bridge;
GRANT UPDATE ON health.business_settings TO health_admin;
GRANT INSERT, UPDATE, DELETE ON health.business_terms TO health_admin;

COMMIT;
