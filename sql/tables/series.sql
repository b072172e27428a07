-- Which series are watched for anomalies, and what is known of each. Three tables, because three things
-- change at three rates: what a series is (never), its minutes that wait to be judged (each tick), its
-- state (each minute). A fourth has the agents over their series.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.series (
    series_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    metric_name text COLLATE "C" NOT NULL,
    source text NOT NULL,
    is_watched boolean NOT NULL DEFAULT true,
    is_counter boolean NOT NULL DEFAULT false,
    enrolled_by text NOT NULL,
    enrolled_at timestamptz NOT NULL,
    CONSTRAINT series_pkey PRIMARY KEY (series_id),
    CONSTRAINT series_agent_metric_key UNIQUE (agent_id, metric_name),
    CONSTRAINT series_source_is_heartbeat_or_metric
    CHECK (source IN ('heartbeat', 'metric'))
);

COMMENT ON TABLE health_internal.series IS
'One row per series that is watched for anomalies, or that an administrator said shall not be.';
COMMENT ON COLUMN health_internal.series.series_id IS 'Number of the series.';
COMMENT ON COLUMN health_internal.series.agent_id IS 'Whose series.';
COMMENT ON COLUMN health_internal.series.metric_name IS
'A column of agent_heartbeats, or a name of performance_metrics.';
COMMENT ON COLUMN health_internal.series.source IS
'heartbeat: a column of agent_heartbeats (and performance_metrics of that name); metric: '
'performance_metrics alone.';
COMMENT ON COLUMN health_internal.series.is_watched IS 'False: an administrator took it out.';
COMMENT ON COLUMN health_internal.series.is_counter IS
'The name ends in _total: what is watched is the growth per minute.';
COMMENT ON COLUMN health_internal.series.enrolled_by IS 'policy, or who asked for it.';
COMMENT ON COLUMN health_internal.series.enrolled_at IS 'When.';

CREATE TABLE health_internal.series_states (
    series_id bigint NOT NULL,
    last_minute_at timestamptz,
    last_mean double precision,
    last_value double precision,
    last_score double precision,
    expected_low double precision,
    expected_high double precision,
    point_count bigint NOT NULL DEFAULT 0,
    late_value_count bigint NOT NULL DEFAULT 0,
    restart_count bigint NOT NULL DEFAULT 0,
    error text,
    error_at timestamptz,
    state health_internal.detector_state,
    CONSTRAINT series_states_pkey PRIMARY KEY (series_id),
    CONSTRAINT series_states_series_fkey
    FOREIGN KEY (series_id) REFERENCES health_internal.series ON DELETE CASCADE
) WITH (fillfactor = 45);
-- As it is, beside the rest: a state is written each minute, and compressing it costs more than room.
ALTER TABLE health_internal.series_states ALTER COLUMN state SET STORAGE PLAIN;

COMMENT ON TABLE health_internal.series_states IS
'One row per watched series: the detector''s state after its last minute. Written by the ticker alone.';
COMMENT ON COLUMN health_internal.series_states.series_id IS 'Which series.';
COMMENT ON COLUMN health_internal.series_states.last_minute_at IS
'Beginning of the last minute that was judged; NULL: none yet.';
COMMENT ON COLUMN health_internal.series_states.last_mean IS
'Mean of the values of that minute; of a counter its reading.';
COMMENT ON COLUMN health_internal.series_states.last_value IS
'What was judged: that mean, or a counter''s growth per minute.';
COMMENT ON COLUMN health_internal.series_states.last_score IS
'How strange it was, 0 to below 1.';
COMMENT ON COLUMN health_internal.series_states.expected_low IS
'Lowest value that was expected; NULL while the detector learns.';
COMMENT ON COLUMN health_internal.series_states.expected_high IS 'Highest value that was expected.';
COMMENT ON COLUMN health_internal.series_states.point_count IS 'Minutes judged.';
COMMENT ON COLUMN health_internal.series_states.late_value_count IS
'Values that came when their minute had been judged; they are left out.';
COMMENT ON COLUMN health_internal.series_states.restart_count IS
'Times a counter fell: it began anew, and that minute has no growth.';
COMMENT ON COLUMN health_internal.series_states.error IS
'Why its last point could not be judged; NULL: it was.';
COMMENT ON COLUMN health_internal.series_states.error_at IS 'Minute of that point.';
COMMENT ON COLUMN health_internal.series_states.state IS 'What the detector remembers; NULL: nothing yet.';

CREATE TABLE health_internal.agent_surprises (
    agent_id text COLLATE "C" NOT NULL,
    minute_at timestamptz NOT NULL,
    is_judged boolean NOT NULL DEFAULT false,
    surprise double precision NOT NULL,
    distance double precision NOT NULL DEFAULT 0,
    series_count bigint NOT NULL,
    series_surprises jsonb NOT NULL DEFAULT '{}',
    state double precision [],
    CONSTRAINT agent_surprises_pkey PRIMARY KEY (agent_id)
) WITH (fillfactor = 45);

COMMENT ON TABLE health_internal.agent_surprises IS
'One row per agent with watched series: how much of a surprise its series together are in the latest '
'minute. Written by the ticker alone.';
COMMENT ON COLUMN health_internal.agent_surprises.agent_id IS 'Whose series.';
COMMENT ON COLUMN health_internal.agent_surprises.minute_at IS 'Beginning of the latest minute.';
COMMENT ON COLUMN health_internal.agent_surprises.is_judged IS
'False: some of its series may still wait to be judged.';
COMMENT ON COLUMN health_internal.agent_surprises.surprise IS
'Sum of what the detector found of its series in that minute.';
COMMENT ON COLUMN health_internal.agent_surprises.distance IS
'Sum of how far from home they were, in mean distances beyond three.';
COMMENT ON COLUMN health_internal.agent_surprises.series_count IS 'How many those are.';
COMMENT ON COLUMN health_internal.agent_surprises.series_surprises IS
'The series of a surprise of at least 3, with it.';
COMMENT ON COLUMN health_internal.agent_surprises.state IS
'What health_internal.detect_agent remembers of the minutes before; NULL: nothing yet.';

CREATE TABLE health_internal.series_minutes (
    minute_at timestamptz NOT NULL,
    series_id bigint NOT NULL,
    value_sum double precision NOT NULL,
    value_count bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 1000);

COMMENT ON TABLE health_internal.series_minutes IS
'One row per watched series, minute and collection: values that wait for their minute to be over and '
'judged. A row is gone when its minute was.';
COMMENT ON COLUMN health_internal.series_minutes.minute_at IS 'Beginning of the minute, by received_at.';
COMMENT ON COLUMN health_internal.series_minutes.series_id IS
'Which series; no foreign key, rows of one that is gone are thrown away.';
COMMENT ON COLUMN health_internal.series_minutes.value_sum IS 'Sum of the values.';
COMMENT ON COLUMN health_internal.series_minutes.value_count IS 'How many.';

CREATE INDEX series_minutes_minute_idx ON health_internal.series_minutes (minute_at, series_id);
COMMENT ON INDEX health_internal.series_minutes_minute_idx IS
'health_internal.step_minute takes the oldest minute, series by series.';

CREATE TABLE health_internal.series_refusals (
    agent_id text COLLATE "C",
    reason text NOT NULL,
    value_count bigint NOT NULL,
    name_count bigint NOT NULL,
    metric_name text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    CONSTRAINT series_refusals_agent_reason_key UNIQUE NULLS NOT DISTINCT (agent_id, reason),
    CONSTRAINT refusal_reason_is_known
    CHECK (reason IN ('agent_limit', 'name_limit', 'fleet_limit'))
);

COMMENT ON TABLE health_internal.series_refusals IS
'One row per agent and reason: metrics that are not watched because of a limit. The limit of the fleet '
'has one row for all, without an agent.';
COMMENT ON COLUMN health_internal.series_refusals.agent_id IS 'Whose metrics; NULL: of several.';
COMMENT ON COLUMN health_internal.series_refusals.reason IS
'agent_limit: policies.anomaly_metrics_limit; name_limit: settings.series_per_agent; fleet_limit: '
'settings.series_limit.';
COMMENT ON COLUMN health_internal.series_refusals.value_count IS 'Values left out since first_at.';
COMMENT ON COLUMN health_internal.series_refusals.name_count IS
'The most names that were refused at once, in one collection.';
COMMENT ON COLUMN health_internal.series_refusals.metric_name IS 'One of the names refused last.';
COMMENT ON COLUMN health_internal.series_refusals.first_at IS 'When the first was refused.';
COMMENT ON COLUMN health_internal.series_refusals.last_at IS 'When the last was.';

CREATE TABLE health_internal.series_cursor (
    is_only_row boolean NOT NULL DEFAULT true,
    folded_until pg_snapshot NOT NULL,
    own_xid xid8,
    own_from bigint NOT NULL DEFAULT 0,
    system_identifier bigint NOT NULL,
    folded_total bigint NOT NULL DEFAULT 0,
    finished_until timestamptz NOT NULL DEFAULT '-infinity',
    stepped_until timestamptz NOT NULL DEFAULT '-infinity',
    last_phase_at timestamptz,
    last_phase_ms double precision,
    stepped_total bigint NOT NULL DEFAULT 0,
    skipped_total bigint NOT NULL DEFAULT 0,
    last_error text,
    last_error_at timestamptz,
    CONSTRAINT series_cursor_pkey PRIMARY KEY (is_only_row),
    CONSTRAINT series_cursor_has_one_row
    CHECK (is_only_row)
) WITH (fillfactor = 10);

COMMENT ON TABLE health_internal.series_cursor IS
'One row: how far the watch over series has come. It follows the engine''s cursor; whoever holds this row '
'works on series.';
COMMENT ON COLUMN health_internal.series_cursor.is_only_row IS 'Always true; makes the row unique.';
COMMENT ON COLUMN health_internal.series_cursor.folded_until IS
'The engine''s folded_until when values were collected last.';
COMMENT ON COLUMN health_internal.series_cursor.own_xid IS 'The engine''s own_xid then.';
COMMENT ON COLUMN health_internal.series_cursor.own_from IS 'The engine''s own_from then.';
COMMENT ON COLUMN health_internal.series_cursor.system_identifier IS
'Cluster whose transaction ids the snapshot speaks of.';
COMMENT ON COLUMN health_internal.series_cursor.folded_total IS 'The engine''s folded_total then.';
COMMENT ON COLUMN health_internal.series_cursor.finished_until IS
'Minutes before this are over: their values are collected.';
COMMENT ON COLUMN health_internal.series_cursor.stepped_until IS
'Minutes before this were judged; behind finished_until while there is a lag.';
COMMENT ON COLUMN health_internal.series_cursor.last_phase_at IS
'When there was work last, by the clock.';
COMMENT ON COLUMN health_internal.series_cursor.last_phase_ms IS 'How long it took, milliseconds.';
COMMENT ON COLUMN health_internal.series_cursor.stepped_total IS 'Points judged since installation.';
COMMENT ON COLUMN health_internal.series_cursor.skipped_total IS
'Points that were given up because they waited longer than settings.history_after.';
COMMENT ON COLUMN health_internal.series_cursor.last_error IS
'What failed last; NULL after a good run.';
COMMENT ON COLUMN health_internal.series_cursor.last_error_at IS 'When it failed.';

INSERT INTO health_internal.series_cursor (folded_until, system_identifier)
SELECT engine.folded_until, engine.system_identifier
FROM health_internal.engine;

COMMIT;
