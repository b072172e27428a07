-- What keeps a page from being sent: silences, maintenance, flapping.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.silences (
    silence_id bigint GENERATED ALWAYS AS IDENTITY,
    matchers jsonb NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    created_by text NOT NULL,
    reason text NOT NULL,
    ended_by text,
    CONSTRAINT silences_pkey PRIMARY KEY (silence_id),
    CONSTRAINT silence_ends_after_its_start
    CHECK (ends_at >= starts_at)
);

COMMENT ON TABLE health.silences IS
'One row per silence: alerts it matches open, and are not told.';
COMMENT ON COLUMN health.silences.silence_id IS 'Number of the silence.';
COMMENT ON COLUMN health.silences.matchers IS
'What it matches; see health_internal.matches_agent, and rule, minimum_severity, maximum_severity.';
COMMENT ON COLUMN health.silences.starts_at IS 'From when.';
COMMENT ON COLUMN health.silences.ends_at IS 'Until when; end_silence moves it.';
COMMENT ON COLUMN health.silences.created_by IS 'Who silenced.';
COMMENT ON COLUMN health.silences.reason IS 'Why.';
COMMENT ON COLUMN health.silences.ended_by IS 'Who ended it early.';


CREATE INDEX silences_ends_at_idx ON health.silences (ends_at);
COMMENT ON INDEX health.silences_ends_at_idx IS
'health_internal.incident_facts reads those that have not ended.';

CREATE TABLE health.maintenance_windows (
    window_id bigint GENERATED ALWAYS AS IDENTITY,
    matchers jsonb NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    weekdays integer [],
    from_time time,
    until_time time,
    time_zone text,
    uptime_method text NOT NULL DEFAULT 'excluded',
    created_by text NOT NULL,
    reason text NOT NULL,
    cancelled_by text,
    enrolled_at timestamptz,
    CONSTRAINT maintenance_windows_pkey PRIMARY KEY (window_id),
    CONSTRAINT maintenance_ends_after_its_start
    CHECK (ends_at > starts_at),
    CONSTRAINT maintenance_weekdays_are_1_to_7
    CHECK (weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7] AND cardinality(weekdays) BETWEEN 1 AND 7),
    CONSTRAINT weekly_maintenance_has_days_times_and_a_zone
    CHECK (num_nulls(weekdays, from_time, until_time, time_zone) IN (0, 4)),
    CONSTRAINT uptime_method_is_excluded_counted_as_up_or_measured
    CHECK (uptime_method IN ('excluded', 'counted_as_up', 'measured'))
);

COMMENT ON TABLE health.maintenance_windows IS
'One row per maintenance announced, once or weekly: its agents do not page and are not restarted.';
COMMENT ON COLUMN health.maintenance_windows.window_id IS 'Number of the window.';
COMMENT ON COLUMN health.maintenance_windows.matchers IS
'Which agents; see health_internal.matches_agent.';
COMMENT ON COLUMN health.maintenance_windows.starts_at IS
'From when; of a weekly one: no occurrence begins earlier.';
COMMENT ON COLUMN health.maintenance_windows.ends_at IS
'Until when; of a weekly one: no occurrence lasts longer.';
COMMENT ON COLUMN health.maintenance_windows.weekdays IS
'Days it begins on, Monday 1 to Sunday 7; NULL: once.';
COMMENT ON COLUMN health.maintenance_windows.from_time IS 'Local time it begins.';
COMMENT ON COLUMN health.maintenance_windows.until_time IS
'Local time it ends; not later than from_time: on the next day.';
COMMENT ON COLUMN health.maintenance_windows.time_zone IS 'Time zone of the two, by name.';
COMMENT ON COLUMN health.maintenance_windows.uptime_method IS
'How availability counts it: excluded (no time at all), counted_as_up, or measured (as if there were none).';
COMMENT ON COLUMN health.maintenance_windows.created_by IS 'Who announced it.';
COMMENT ON COLUMN health.maintenance_windows.reason IS 'Why.';
COMMENT ON COLUMN health.maintenance_windows.cancelled_by IS 'Who cancelled it.';
COMMENT ON COLUMN health.maintenance_windows.enrolled_at IS
'When its agents were last looked up; those that come to match during it join within a minute.';


CREATE TABLE health.maintenance_periods (
    period_id bigint GENERATED ALWAYS AS IDENTITY,
    window_id bigint NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    started_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT maintenance_periods_pkey PRIMARY KEY (period_id),
    CONSTRAINT maintenance_periods_window_fkey
    FOREIGN KEY (window_id) REFERENCES health.maintenance_windows
);

COMMENT ON TABLE health.maintenance_periods IS
'One row per time an agent was in maintenance; ended_at IS NULL: it is at present.';
COMMENT ON COLUMN health.maintenance_periods.period_id IS 'Number of the period.';
COMMENT ON COLUMN health.maintenance_periods.window_id IS 'Window it belongs to.';
COMMENT ON COLUMN health.maintenance_periods.agent_id IS 'Which agent.';
COMMENT ON COLUMN health.maintenance_periods.started_at IS 'From when.';
COMMENT ON COLUMN health.maintenance_periods.until_at IS 'Until when, as announced.';
COMMENT ON COLUMN health.maintenance_periods.ended_at IS 'When it ended; NULL: not yet.';


CREATE UNIQUE INDEX maintenance_periods_open_key
ON health.maintenance_periods (agent_id, window_id) WHERE ended_at IS NULL;
COMMENT ON INDEX health.maintenance_periods_open_key IS
'Who is in maintenance now: fold, recovery and telling join it; once per window.';

CREATE INDEX maintenance_periods_agent_idx
ON health.maintenance_periods (agent_id, started_at);
COMMENT ON INDEX health.maintenance_periods_agent_idx IS
'health_internal.in_maintenance and availability read one agent''s periods.';

CREATE INDEX maintenance_periods_window_idx ON health.maintenance_periods (window_id);
COMMENT ON INDEX health.maintenance_periods_window_idx IS
'health_internal.refresh_maintenance ends the periods of a window.';

CREATE TABLE health_internal.flapping_agents (
    agent_id text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT flapping_agents_pkey PRIMARY KEY (agent_id)
);

COMMENT ON TABLE health_internal.flapping_agents IS
'One row per agent that flaps: entered above, left at the policy''s limits.';
COMMENT ON COLUMN health_internal.flapping_agents.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.flapping_agents.since IS 'Since when.';

GRANT SELECT ON health.silences, health.maintenance_windows, health.maintenance_periods
TO health_analyst, health_bridge;

COMMIT;
