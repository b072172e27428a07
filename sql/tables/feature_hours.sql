-- What failure prediction keeps when raw rows are dropped: an hour of an agent in one row, its events by kind,
-- its failures one by one.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.series_names (
    name_id integer GENERATED ALWAYS AS IDENTITY,
    name text COLLATE "C" NOT NULL,
    CONSTRAINT series_names_pkey PRIMARY KEY (name_id),
    CONSTRAINT series_names_name_key UNIQUE (name)
);

COMMENT ON TABLE health_internal.series_names IS
'One row per name of a series in series_hours, which holds numbers instead of names.';
COMMENT ON COLUMN health_internal.series_names.name_id IS 'Number of the name.';
COMMENT ON COLUMN health_internal.series_names.name IS
'Name of a metric, or of a measure of heartbeats as series_key writes it.';

CREATE TABLE health_internal.series_hours (
    until_at timestamptz NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    name_ids integer [] NOT NULL,
    value_counts integer [] NOT NULL,
    value_sums double precision [] NOT NULL,
    square_sums double precision [] NOT NULL,
    left_out_count integer NOT NULL DEFAULT 0,
    CONSTRAINT series_hours_pkey PRIMARY KEY (until_at, agent_id),
    CONSTRAINT each_series_of_an_hour_has_one_count_and_two_sums
    CHECK (
        cardinality(name_ids) = cardinality(value_counts)
        AND cardinality(name_ids) = cardinality(value_sums)
        AND cardinality(name_ids) = cardinality(square_sums)
    )
);

COMMENT ON TABLE health_internal.series_hours IS
'One row per agent and hour in which it told numbers: the place in the arrays is the series. Made by run_rollups, '
'kept hour_retention; what models are trained from when raw rows are gone.';
COMMENT ON COLUMN health_internal.series_hours.until_at IS
'End of the hour: of what was received after until_at - 1 hour and at until_at at the latest.';
COMMENT ON COLUMN health_internal.series_hours.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.series_hours.name_ids IS
'Which series: rows of series_names, at most 64, those with most values.';
COMMENT ON COLUMN health_internal.series_hours.value_counts IS 'How many values.';
COMMENT ON COLUMN health_internal.series_hours.value_sums IS
'Their sum, in the unit of the series; of counters the least value.';
COMMENT ON COLUMN health_internal.series_hours.square_sums IS
'Sum of squared differences from their mean; of counters the greatest value.';
COMMENT ON COLUMN health_internal.series_hours.left_out_count IS
'How many series the agent told beyond those: no model made of hours knows of them. train_failure_model warns.';

CREATE TABLE health_internal.event_hours (
    until_at timestamptz NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    family text NOT NULL,
    name text NOT NULL,
    event_count integer NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT event_hours_pkey PRIMARY KEY (until_at, agent_id, family, name)
);

COMMENT ON TABLE health_internal.event_hours IS
'One row per agent, hour and kind of event it logged (errors by code, repairs, restarts, others by type). Made by '
'run_rollups, kept hour_retention.';
COMMENT ON COLUMN health_internal.event_hours.until_at IS 'As series_hours.until_at.';
COMMENT ON COLUMN health_internal.event_hours.agent_id IS 'Which agent.';
COMMENT ON COLUMN health_internal.event_hours.family IS 'As logged_events.family.';
COMMENT ON COLUMN health_internal.event_hours.name IS
'As logged_events.name; of an agent''s hour at most 64 kinds, the rarest together as "others".';
COMMENT ON COLUMN health_internal.event_hours.event_count IS 'How many.';
COMMENT ON COLUMN health_internal.event_hours.last_at IS 'When the last one was received.';

CREATE TABLE health_internal.past_failures (
    told_at timestamptz NOT NULL,
    agent_id text COLLATE "C" NOT NULL,
    failed_at timestamptz NOT NULL,
    name text NOT NULL,
    CONSTRAINT past_failures_pkey PRIMARY KEY (told_at, agent_id, failed_at, name)
);

COMMENT ON TABLE health_internal.past_failures IS
'One row per failure that was logged: what labels are made of when the event is gone. Made by run_rollups, kept '
'day_retention.';
COMMENT ON COLUMN health_internal.past_failures.told_at IS 'When the event was received.';
COMMENT ON COLUMN health_internal.past_failures.agent_id IS 'Which agent failed.';
COMMENT ON COLUMN health_internal.past_failures.failed_at IS 'When.';
COMMENT ON COLUMN health_internal.past_failures.name IS 'Component or code.';

CREATE TABLE health_internal.feature_hours_state (
    is_only_row boolean NOT NULL DEFAULT true,
    rolled_from timestamptz NOT NULL DEFAULT 'infinity',
    rolled_until timestamptz NOT NULL DEFAULT 'infinity',
    CONSTRAINT feature_hours_state_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT feature_hours_state_has_one_row
    CHECK (is_only_row)
);

COMMENT ON TABLE health_internal.feature_hours_state IS
'One row: what was received after rolled_from and until rolled_until is in series_hours, event_hours and '
'past_failures.';
COMMENT ON COLUMN health_internal.feature_hours_state.is_only_row IS 'Always true; makes the row unique.';
COMMENT ON COLUMN health_internal.feature_hours_state.rolled_from IS
'Where the hours begin; infinity: there are none yet.';
COMMENT ON COLUMN health_internal.feature_hours_state.rolled_until IS 'And end; raw rows are read after it.';

INSERT INTO health_internal.feature_hours_state DEFAULT VALUES;

COMMIT;
