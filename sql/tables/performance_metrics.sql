-- Series of numbers that agents log beside their heartbeats.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.performance_metrics (
    agent_id health.agent_id NOT NULL,
    metric_name health.metric_name NOT NULL,
    metric_value health.metric_value NOT NULL,
    unit health.metric_unit,
    recorded_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT recorded_at_is_within_one_day_of_received_at
    CHECK (
        recorded_at BETWEEN received_at - interval '24 hours' AND received_at + interval '24 hours'
    )
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE health.performance_metrics IS
'One row per value of a series; append-only, partitioned by received_at.';
COMMENT ON COLUMN health.performance_metrics.agent_id IS 'Which agent logs the value.';
COMMENT ON COLUMN health.performance_metrics.metric_name IS 'Name of the series within the agent.';
COMMENT ON COLUMN health.performance_metrics.metric_value IS
'The value, finite, magnitude at most 1e15, in the series'' unit.';
COMMENT ON COLUMN health.performance_metrics.unit IS 'Unit of the value, such as ms, MB or count.';
COMMENT ON COLUMN health.performance_metrics.recorded_at IS
'The agent''s clock when it measured; within a day of received_at. NULL: as received.';
COMMENT ON COLUMN health.performance_metrics.received_at IS
'The database''s clock when the row came. Agents cannot set it.';
COMMENT ON COLUMN health.performance_metrics.txid IS
'Transaction that wrote the row; with it the fold reads every row exactly once.';

CREATE INDEX performance_metrics_txid_idx ON health.performance_metrics (txid);
COMMENT ON INDEX health.performance_metrics_txid_idx IS
'health_internal.fold_metrics reads what became visible since its last snapshot.';

CREATE TABLE health.performance_metrics_default
PARTITION OF health.performance_metrics DEFAULT;
COMMENT ON TABLE health.performance_metrics_default IS
'Catches rows outside every partition; drained by partition care.';

CREATE TABLE health_internal.metric_series (
    agent_id text COLLATE "C" NOT NULL,
    metric_name text COLLATE "C" NOT NULL,
    unit text,
    last_value double precision NOT NULL,
    last_received_at timestamptz NOT NULL,
    value_count bigint NOT NULL,
    decayed_at timestamptz NOT NULL,
    weight double precision NOT NULL,
    value_sum double precision NOT NULL,
    square_sum double precision NOT NULL,
    CONSTRAINT metric_series_pkey PRIMARY KEY (agent_id, metric_name)
) WITH (fillfactor = 70);

COMMENT ON TABLE health_internal.metric_series IS
'One row per series of performance_metrics: time-decayed sums with weight exp(-age / 60 min), '
'folded from new rows only.';
COMMENT ON COLUMN health_internal.metric_series.agent_id IS 'Which agent logs the series.';
COMMENT ON COLUMN health_internal.metric_series.metric_name IS 'Name of the series.';
COMMENT ON COLUMN health_internal.metric_series.unit IS 'Unit as last told.';
COMMENT ON COLUMN health_internal.metric_series.last_value IS 'The latest value by received_at.';
COMMENT ON COLUMN health_internal.metric_series.last_received_at IS 'When it was received.';
COMMENT ON COLUMN health_internal.metric_series.value_count IS 'Values folded since the series began.';
COMMENT ON COLUMN health_internal.metric_series.decayed_at IS 'Time to which the sums are decayed.';
COMMENT ON COLUMN health_internal.metric_series.weight IS 'Sum of weights, in values.';
COMMENT ON COLUMN health_internal.metric_series.value_sum IS 'Weighted sum of values.';
COMMENT ON COLUMN health_internal.metric_series.square_sum IS 'Weighted sum of squared values.';

COMMIT;
