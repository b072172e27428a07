"""The tables that bench/ingest.py compares the real ones with."""

from __future__ import annotations

#: What agents tell in each row.
COLUMNS = (
    "agent_id, state, work_items_processed, average_processing_time_ms, cpu_usage_percent, "
    "memory_usage_mb, memory_limit_mb, error_count, cost_efficiency, user_satisfaction, "
    "operational_efficiency, revenue_impact_usd, run_id"
)

BARE = """
CREATE SCHEMA bare;
CREATE TABLE bare.heartbeats AS SELECT * FROM health.agent_heartbeats WITH NO DATA;
DO $$
DECLARE
    v_column record;
BEGIN
    FOR v_column IN
        SELECT attribute.attname, type.typbasetype
        FROM pg_attribute AS attribute
        INNER JOIN pg_type AS type ON attribute.atttypid = type.oid
        WHERE attribute.attrelid = 'bare.heartbeats'::regclass
            AND attribute.attnum > 0 AND type.typtype = 'd'
    LOOP
        EXECUTE format(
            'ALTER TABLE bare.heartbeats ALTER COLUMN %I TYPE %s',
            v_column.attname, format_type(v_column.typbasetype, NULL)
        );
    END LOOP;
END;
$$;
ALTER TABLE bare.heartbeats
    ALTER COLUMN state SET DEFAULT 'running',
    ALTER COLUMN received_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN txid SET DEFAULT pg_current_xact_id();
CREATE TABLE bare.partitioned (LIKE bare.heartbeats INCLUDING DEFAULTS)
PARTITION BY RANGE (received_at);
CREATE TABLE bare.typed (LIKE health.agent_heartbeats INCLUDING DEFAULTS)
PARTITION BY RANGE (received_at);
CREATE INDEX ON bare.partitioned (txid);
CREATE INDEX ON bare.typed (txid);
CREATE TABLE bare.partition_one PARTITION OF bare.partitioned
FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
CREATE TABLE bare.partition_two PARTITION OF bare.typed FOR VALUES FROM (MINVALUE) TO (MAXVALUE);
GRANT USAGE ON SCHEMA bare TO PUBLIC;
GRANT INSERT ON ALL TABLES IN SCHEMA bare TO PUBLIC;
"""

#: Between the baseline and the real tables: a part more in each.
PARTS = {
    "+ partitions and index": "bare.partitioned",
    "+ domains": "bare.typed",
}
