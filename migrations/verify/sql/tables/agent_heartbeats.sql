BEGIN;

SELECT
    agent_id,
    state,
    sent_at,
    received_at,
    work_items_processed,
    average_processing_time_ms,
    cpu_usage_percent,
    memory_usage_mb,
    memory_limit_mb,
    error_count,
    cost_efficiency,
    user_satisfaction,
    operational_efficiency,
    revenue_impact_usd,
    signal,
    run_id,
    attributes,
    txid
FROM health.agent_heartbeats
WHERE false;

SELECT FROM health.agent_heartbeats_default WHERE false;

SELECT FROM health.ingest_heartbeats WHERE false;

SELECT FROM health.ingest_heartbeats_default WHERE false;

ROLLBACK;
