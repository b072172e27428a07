BEGIN;

SELECT
    agent_id,
    agent_number,
    agent_name,
    agent_type,
    policy_class,
    expected_interval,
    grace,
    schedule,
    time_zone,
    max_run_time,
    latency_slo_ms,
    throughput_slo_per_minute,
    capabilities,
    labels,
    tenant,
    revenue_usd_per_hour,
    criticality,
    manual_recovery_minutes,
    manual_recovery_cost_usd,
    recovery_group,
    registered_at,
    updated_at
FROM health.agents
WHERE false;

SELECT
    agent_id,
    changed_at,
    txid
FROM health_internal.agent_changes
WHERE false;

SELECT
    session_id,
    agent_id,
    agent_number,
    pid,
    attached_at,
    lost_at,
    lost_reason
FROM health.agent_sessions
WHERE false;

SELECT
    login_name,
    agent_id
FROM health.agent_logins
WHERE false;

ROLLBACK;
