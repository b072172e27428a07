-- What partition care knows: every partition of the raw tables with its bounds.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health_internal.partitions (
    table_name text NOT NULL,
    partition_name text NOT NULL,
    from_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    is_history boolean NOT NULL DEFAULT false,
    rolled_up_at timestamptz,
    CONSTRAINT partitions_pkey PRIMARY KEY (partition_name),
    CONSTRAINT partition_until_is_after_from
    CHECK (until_at > from_at)
);

COMMENT ON TABLE health_internal.partitions IS
'One row per partition of a raw table but the default ones.';
COMMENT ON COLUMN health_internal.partitions.table_name IS 'Raw table in schema health.';
COMMENT ON COLUMN health_internal.partitions.partition_name IS 'Its partition.';
COMMENT ON COLUMN health_internal.partitions.from_at IS 'First received_at it holds.';
COMMENT ON COLUMN health_internal.partitions.until_at IS 'First received_at it no longer holds.';
COMMENT ON COLUMN health_internal.partitions.is_history IS
'Made by load_history and exempt from retention.';
COMMENT ON COLUMN health_internal.partitions.rolled_up_at IS
'When its heartbeats were counted into agent_hours; NULL: not yet, or it has none to count.';


CREATE INDEX partitions_table_idx ON health_internal.partitions (table_name, from_at);
COMMENT ON INDEX health_internal.partitions_table_idx IS
'Partition care looks for the partition that covers a time.';

COMMIT;
