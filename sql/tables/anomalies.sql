-- What the detector found: one row per episode.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.anomalies (
    anomaly_id bigint GENERATED ALWAYS AS IDENTITY,
    agent_id text COLLATE "C" NOT NULL,
    metric_name text COLLATE "C",
    started_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    ended_at timestamptz,
    point_count bigint NOT NULL DEFAULT 1,
    peak_score double precision NOT NULL,
    peak_value double precision,
    expected_low double precision,
    expected_high double precision,
    reason text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT anomalies_pkey PRIMARY KEY (anomaly_id),
    CONSTRAINT peak_score_is_from_0_to_below_1
    CHECK (peak_score >= 0 AND peak_score < 1),
    CONSTRAINT anomaly_ends_after_its_start
    CHECK (started_at <= last_seen_at AND last_seen_at <= ended_at)
);

COMMENT ON TABLE health.anomalies IS
'One row per episode in which a series behaved unlike before: strange minutes within 10 minutes of each '
'other are one. An episode without a metric is about the agent: its series together were strange. Times '
'are the beginnings of minutes.';
COMMENT ON COLUMN health.anomalies.anomaly_id IS 'Number of the episode.';
COMMENT ON COLUMN health.anomalies.agent_id IS 'Whose series.';
COMMENT ON COLUMN health.anomalies.metric_name IS
'Which series; NULL: several of the agent''s together.';
COMMENT ON COLUMN health.anomalies.started_at IS 'The first strange minute.';
COMMENT ON COLUMN health.anomalies.last_seen_at IS 'The latest.';
COMMENT ON COLUMN health.anomalies.ended_at IS
'End of the last strange minute, set after 10 quiet ones; NULL: it goes on.';
COMMENT ON COLUMN health.anomalies.point_count IS 'How many minutes were strange.';
COMMENT ON COLUMN health.anomalies.peak_score IS 'How strange the strangest was, 0 to below 1.';
COMMENT ON COLUMN health.anomalies.peak_value IS
'The value then, in the unit of the series; NULL for an agent''s.';
COMMENT ON COLUMN health.anomalies.expected_low IS 'The lowest value that was expected then.';
COMMENT ON COLUMN health.anomalies.expected_high IS 'The highest.';
COMMENT ON COLUMN health.anomalies.reason IS 'What was strange, in words.';
COMMENT ON COLUMN health.anomalies.details IS
'Of a series: the latest minute''s value and score. Of an agent: the surprises of its series.';

CREATE UNIQUE INDEX anomalies_open_idx
ON health.anomalies (agent_id, metric_name) NULLS NOT DISTINCT
WHERE ended_at IS NULL;
COMMENT ON INDEX health.anomalies_open_idx IS
'One open episode per series; health_internal.note_anomalies and refresh_anomaly_findings look for it.';

CREATE INDEX anomalies_agent_idx ON health.anomalies (agent_id, started_at);
COMMENT ON INDEX health.anomalies_agent_idx IS
'health.agent_timeline and people ask for the episodes of an agent.';

CREATE INDEX anomalies_ended_idx ON health.anomalies (ended_at);
COMMENT ON INDEX health.anomalies_ended_idx IS
'health_internal.sweep_series removes old episodes.';

CREATE TYPE health_internal.strange_point AS (
    agent_id text,
    metric_name text,
    minute_at timestamptz,
    point_value double precision,
    score double precision,
    is_anomaly boolean,
    expected_low double precision,
    expected_high double precision,
    reason text
);
COMMENT ON TYPE health_internal.strange_point IS
'A minute of a series that is an anomaly, or at least outside the expected range.';

GRANT SELECT ON health.anomalies TO health_analyst, health_bridge;

COMMIT;
