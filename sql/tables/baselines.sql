-- What is usual for a series at an hour of the week.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.baselines (
    agent_id text COLLATE "C" NOT NULL,
    metric_name text COLLATE "C" NOT NULL,
    hour_of_week smallint NOT NULL,
    value_count bigint NOT NULL,
    center double precision NOT NULL,
    spread double precision NOT NULL,
    updated_at timestamptz NOT NULL,
    established_at timestamptz,
    CONSTRAINT baselines_pkey PRIMARY KEY (agent_id, metric_name, hour_of_week),
    CONSTRAINT hour_of_week_is_0_to_167
    CHECK (hour_of_week BETWEEN 0 AND 167),
    CONSTRAINT spread_is_not_negative
    CHECK (spread >= 0)
) WITH (fillfactor = 80);

COMMENT ON TABLE health.baselines IS
'One row per series and hour of the week: what its per-minute means usually are, robustly. Learnt from '
'history by health.establish_baselines and from each minute since; a value moves its own hour alone.';
COMMENT ON COLUMN health.baselines.agent_id IS 'Whose series.';
COMMENT ON COLUMN health.baselines.metric_name IS
'A column of agent_heartbeats, or a name of performance_metrics.';
COMMENT ON COLUMN health.baselines.hour_of_week IS
'0 is Monday 00:00 to 01:00 UTC, 167 Sunday 23:00 to 24:00.';
COMMENT ON COLUMN health.baselines.value_count IS 'Minutes it was learnt from.';
COMMENT ON COLUMN health.baselines.center IS
'The usual value: from history the median, then moved as baseline_center says.';
COMMENT ON COLUMN health.baselines.spread IS
'How far values usually lie from it, as a standard deviation: from history 1.4826 times the median '
'absolute deviation, then moved as baseline_spread says.';
COMMENT ON COLUMN health.baselines.updated_at IS 'The last minute it learnt from.';
COMMENT ON COLUMN health.baselines.established_at IS
'When history was read for it; NULL: learnt as it came.';

GRANT SELECT ON health.baselines TO health_analyst, health_bridge;

COMMIT;
