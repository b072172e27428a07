-- Events: what agents and the engine have to say in words.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE TABLE health.system_events (
    agent_id health.agent_id NOT NULL,
    event_type health.event_type NOT NULL,
    severity health.event_severity NOT NULL DEFAULT 'info',
    event_data health.event_data NOT NULL DEFAULT '{}',
    occurred_at timestamptz,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    txid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT occurred_at_is_within_one_day_of_received_at
    CHECK (
        occurred_at BETWEEN received_at - interval '24 hours' AND received_at + interval '24 hours'
    )
) PARTITION BY RANGE (received_at);

COMMENT ON TABLE health.system_events IS
'One row per event; append-only, partitioned by received_at. Events the engine writes carry '
'agent_id heartbeat_health_agent and name the other agent in event_data.';
COMMENT ON COLUMN health.system_events.agent_id IS 'Who tells.';
COMMENT ON COLUMN health.system_events.event_type IS
'Kind of event: error, failure, maintenance, agent_error, automated_recovery, …';
COMMENT ON COLUMN health.system_events.severity IS
'debug, info, warning, error, critical or emergency, in any case.';
COMMENT ON COLUMN health.system_events.event_data IS 'The facts, a JSON document of at most 64 kB.';
COMMENT ON COLUMN health.system_events.occurred_at IS
'The agent''s clock when it happened; within a day of received_at. NULL: as received.';
COMMENT ON COLUMN health.system_events.received_at IS
'The database''s clock when the row came. Agents cannot set it.';
COMMENT ON COLUMN health.system_events.txid IS
'Transaction that wrote the row; with it the fold reads every row exactly once.';

CREATE INDEX system_events_txid_idx ON health.system_events (txid);
COMMENT ON INDEX health.system_events_txid_idx IS
'health_internal.fold_events reads what became visible since its last snapshot.';

CREATE TABLE health.system_events_default
PARTITION OF health.system_events DEFAULT;
COMMENT ON TABLE health.system_events_default IS
'Catches rows outside every partition; drained by partition care.';

COMMIT;
