-- Heartbeats: append-only, partitioned by the database's own clock, no foreign key, one index.
-- The same shape twice: agents INSERT into agent_heartbeats under row-level security, gateways COPY
-- into ingest_heartbeats, which has none (COPY does not work under row-level security).
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.agent_heartbeats (
    agent_id health.agent_id NOT NULL,
    state health.agent_state NOT NULL DEFAULT 'running',
    sent_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    work_items_processed health.work_items_processed,
    average_processing_time_ms health.average_processing_time_ms,
    cpu_usage_percent health.cpu_usage_percent,
    memory_usage_mb health.memory_usage_mb,
    memory_limit_mb health.memory_limit_mb,
    error_count health.error_count,
    cost_efficiency health.cost_efficiency,
    user_satisfaction health.user_satisfaction,
    operational_efficiency health.operational_efficiency,
    revenue_impact_usd health.revenue_impact_usd,
    signal health.heartbeat_signal,
    run_id health.run_id,
    attributes health.heartbeat_attributes,
    txid xid8 NOT NULL DEFAULT pg_current_xact_id()
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE health.agent_heartbeats IS
'One row per heartbeat as an agent sent it; append-only, partitioned by received_at, raw rows are '
'kept for settings.raw_retention.';
COMMENT ON COLUMN health.agent_heartbeats.agent_id IS 'Which agent beats; unknown agents are registered.';
COMMENT ON COLUMN health.agent_heartbeats.state IS
'What the agent says of itself: initializing, active, running, idle, error, failed, stopping, stopped.';
COMMENT ON COLUMN health.agent_heartbeats.sent_at IS
'The agent''s clock when it sent the row; within a day of received_at.';
COMMENT ON COLUMN health.agent_heartbeats.received_at IS
'The database''s clock when the row came; decides liveness. Agents cannot set it.';
COMMENT ON COLUMN health.agent_heartbeats.work_items_processed IS
'Counter of work items since this run of the agent started.';
COMMENT ON COLUMN health.agent_heartbeats.average_processing_time_ms IS
'Mean time per work item since the last heartbeat, milliseconds.';
COMMENT ON COLUMN health.agent_heartbeats.cpu_usage_percent IS
'CPU used by the agent, percent of the whole host or container, 0 to 100.';
COMMENT ON COLUMN health.agent_heartbeats.memory_usage_mb IS 'Memory the agent uses, megabytes.';
COMMENT ON COLUMN health.agent_heartbeats.memory_limit_mb IS 'Memory the agent may use, megabytes.';
COMMENT ON COLUMN health.agent_heartbeats.error_count IS
'Counter of errors since this run of the agent started.';
COMMENT ON COLUMN health.agent_heartbeats.cost_efficiency IS 'As the agent reports it, percent, 0 to 100.';
COMMENT ON COLUMN health.agent_heartbeats.user_satisfaction IS
'As the agent reports it, percent, 0 to 100.';
COMMENT ON COLUMN health.agent_heartbeats.operational_efficiency IS
'As the agent reports it, percent, 0 to 100.';
COMMENT ON COLUMN health.agent_heartbeats.revenue_impact_usd IS
'Revenue the agent gains (positive) or loses (negative) at present, US dollars per hour.';
COMMENT ON COLUMN health.agent_heartbeats.signal IS
'For jobs: beat, start, success, fail or log; paired by run_id.';
COMMENT ON COLUMN health.agent_heartbeats.run_id IS
'One run of the agent''s process or job; counters start again with it.';
COMMENT ON COLUMN health.agent_heartbeats.attributes IS 'Whatever else the agent tells; at most 8 kB.';
COMMENT ON COLUMN health.agent_heartbeats.txid IS
'Transaction that wrote the row; with it the fold reads every row exactly once.';

CREATE INDEX agent_heartbeats_txid_idx ON health.agent_heartbeats (txid);
COMMENT ON INDEX health.agent_heartbeats_txid_idx IS
'health_internal.arrived_heartbeats reads what became visible since its last snapshot.';

CREATE TABLE health.agent_heartbeats_default
PARTITION OF health.agent_heartbeats DEFAULT;
COMMENT ON TABLE health.agent_heartbeats_default IS
'Catches rows outside every partition; drained by partition care.';

-- The clock's rule is a CHECK here, where a statement has many rows; a trigger holds it above, where
-- each row is a statement.
CREATE TABLE health.ingest_heartbeats (
    LIKE health.agent_heartbeats INCLUDING DEFAULTS INCLUDING COMMENTS,
    CONSTRAINT sent_at_is_within_one_day_of_received_at
    CHECK (sent_at BETWEEN received_at - interval '24 hours' AND received_at + interval '24 hours')
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE health.ingest_heartbeats IS
'Heartbeats copied in bulk by gateways; the shape of agent_heartbeats, folded in the same way. '
'A trigger holds each gateway to its own set of agents.';

CREATE INDEX ingest_heartbeats_txid_idx ON health.ingest_heartbeats (txid);
COMMENT ON INDEX health.ingest_heartbeats_txid_idx IS
'health_internal.arrived_heartbeats reads what became visible since its last snapshot.';

CREATE TABLE health.ingest_heartbeats_default
PARTITION OF health.ingest_heartbeats DEFAULT;
COMMENT ON TABLE health.ingest_heartbeats_default IS
'Catches rows outside every partition; drained by partition care.';

COMMIT;
