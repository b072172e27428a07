BEGIN;

SELECT
    agent_id,
    event_type,
    severity,
    event_data,
    occurred_at,
    received_at,
    txid
FROM health.system_events
WHERE false;

SELECT FROM health.system_events_default WHERE false;

ROLLBACK;
