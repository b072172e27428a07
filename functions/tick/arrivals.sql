-- Exactly once, whatever commits late: each function reads what became visible between two snapshots.
-- Three branches: transactions that began after the last snapshot; those that were in progress in it
-- (late commits); and the transaction that ticks, whose earlier commands count as arrived. A sequence
-- or a time as cursor would lose rows of transactions that commit late.
BEGIN;

SET LOCAL ROLE health_owner;

CREATE OR REPLACE FUNCTION health_internal.snapshot_without(p_snapshot pg_snapshot, p_xid xid8)
RETURNS pg_snapshot
LANGUAGE sql
STABLE
RETURN (
    SELECT format(
        '%s:%s:%s',
        least(pg_snapshot_xmin(p_snapshot)::text::bigint, p_xid::text::bigint),
        greatest(pg_snapshot_xmax(p_snapshot)::text::bigint, p_xid::text::bigint + 1),
        string_agg(listed.xid::text, ',' ORDER BY listed.xid)
    )::pg_snapshot
    FROM (
        SELECT in_progress.xid::text::bigint AS xid
        FROM pg_snapshot_xip(p_snapshot) AS in_progress (xid)
        UNION
        -- Where p_xid is not below xmax, nothing from xmax to it has ended.
        SELECT since.xid
        FROM generate_series(
            least(pg_snapshot_xmax(p_snapshot)::text::bigint, p_xid::text::bigint),
            p_xid::text::bigint
        ) AS since (xid)
    ) AS listed
);
COMMENT ON FUNCTION health_internal.snapshot_without(pg_snapshot, xid8) IS
'The snapshot with p_xid counted as still in progress, also where p_xid is the newest of all: a '
'transaction''s own rows are told apart by command, not by transaction.';

CREATE OR REPLACE FUNCTION health_internal.arrived_heartbeats(
    p_from_xmax xid8,
    p_in_progress xid8 [],
    p_until pg_snapshot,
    p_own_xid xid8,
    p_own_from bigint,
    p_own_until bigint,
    p_last_own_xid xid8,
    p_last_own_from bigint
)
RETURNS TABLE (
    agent_id health.agent_id,
    state health.agent_state,
    sent_at timestamptz,
    received_at timestamptz,
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
    txid xid8
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.state,
        arrived.sent_at,
        arrived.received_at,
        arrived.work_items_processed,
        arrived.average_processing_time_ms,
        arrived.cpu_usage_percent,
        arrived.memory_usage_mb,
        arrived.memory_limit_mb,
        arrived.error_count,
        arrived.cost_efficiency,
        arrived.user_satisfaction,
        arrived.operational_efficiency,
        arrived.revenue_impact_usd,
        arrived.signal,
        arrived.run_id,
        arrived.txid
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;
COMMENT ON FUNCTION health_internal.arrived_heartbeats(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
) IS
'Heartbeats to fold. What became visible between the last tick''s snapshot and this one''s: '
'rows of transactions begun since, rows of transactions that were in progress then, and rows of '
'the ticking transaction itself, told apart by command number. Inlined into the caller.';

CREATE OR REPLACE FUNCTION health_internal.arrived_metrics(
    p_from_xmax xid8,
    p_in_progress xid8 [],
    p_until pg_snapshot,
    p_own_xid xid8,
    p_own_from bigint,
    p_own_until bigint,
    p_last_own_xid xid8,
    p_last_own_from bigint
)
RETURNS TABLE (
    agent_id health.agent_id,
    metric_name health.metric_name,
    metric_value health.metric_value,
    unit health.metric_unit,
    received_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id,
        arrived.metric_name,
        arrived.metric_value,
        arrived.unit,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.metric_name,
        arrived.metric_value,
        arrived.unit,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.metric_name,
        arrived.metric_value,
        arrived.unit,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;
COMMENT ON FUNCTION health_internal.arrived_metrics(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
) IS
'Metric values to fold. What became visible between the last tick''s snapshot and this one''s: '
'rows of transactions begun since, rows of transactions that were in progress then, and rows of '
'the ticking transaction itself, told apart by command number. Inlined into the caller.';

CREATE OR REPLACE FUNCTION health_internal.arrived_events(
    p_from_xmax xid8,
    p_in_progress xid8 [],
    p_until pg_snapshot,
    p_own_xid xid8,
    p_own_from bigint,
    p_own_until bigint,
    p_last_own_xid xid8,
    p_last_own_from bigint
)
RETURNS TABLE (
    agent_id health.agent_id,
    event_type health.event_type,
    severity health.event_severity,
    received_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id,
        arrived.event_type,
        arrived.severity,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.event_type,
        arrived.severity,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id,
        arrived.event_type,
        arrived.severity,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;
COMMENT ON FUNCTION health_internal.arrived_events(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
) IS
'Events to fold. What became visible between the last tick''s snapshot and this one''s: rows of '
'transactions begun since, rows of transactions that were in progress then, and rows of the '
'ticking transaction itself, told apart by command number. Inlined into the caller.';

CREATE OR REPLACE FUNCTION health_internal.arrived_agent_changes(
    p_from_xmax xid8,
    p_in_progress xid8 [],
    p_until pg_snapshot,
    p_own_xid xid8,
    p_own_from bigint,
    p_own_until bigint,
    p_last_own_xid xid8,
    p_last_own_from bigint
)
RETURNS TABLE (
    agent_id text
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE arrived.txid >= p_from_xmax
        AND pg_visible_in_snapshot(arrived.txid, p_until)
    UNION ALL
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE arrived.txid = ANY (p_in_progress)
        AND pg_visible_in_snapshot(arrived.txid, p_until)
        AND (arrived.txid IS DISTINCT FROM p_last_own_xid OR arrived.cmin::text::bigint >= p_last_own_from)
    UNION ALL
    SELECT
        arrived.agent_id
    FROM health_internal.agent_changes AS arrived
    WHERE arrived.txid = p_own_xid
        AND arrived.cmin::text::bigint BETWEEN p_own_from AND p_own_until
$$;
COMMENT ON FUNCTION health_internal.arrived_agent_changes(
    xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint
) IS
'Agents whose configuration changed. What became visible between the last tick''s snapshot and '
'this one''s: rows of transactions begun since, rows of transactions that were in progress '
'then, and rows of the ticking transaction itself, told apart by command number. Inlined into '
'the caller.';

COMMIT;
