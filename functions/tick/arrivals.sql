-- Exactly once, whatever commits late: each function reads what became visible between two snapshots.
-- Three branches (is_arrived), each an index range: transactions that began after the last snapshot; those that
-- were in progress in it (late commits); and the transaction that ticks, whose earlier commands count
-- as arrived. A sequence or a time as cursor would lose rows of transactions that commit late.
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

CREATE OR REPLACE FUNCTION health_internal.is_arrived(
    p_txid xid8,
    p_command cid,
    p_range health_internal.arrival_range
)
RETURNS boolean
LANGUAGE sql
IMMUTABLE PARALLEL SAFE
AS $$
    SELECT
        (
            p_txid >= (p_range).from_xmax
            AND pg_visible_in_snapshot(p_txid, (p_range).until)
        )
        OR (
            p_txid = ANY ((p_range).in_progress)
            AND pg_visible_in_snapshot(p_txid, (p_range).until)
            AND (
                p_txid IS DISTINCT FROM (p_range).last_own_xid
                OR p_command::text::bigint >= (p_range).last_own_from
            )
        )
        OR (
            p_txid = (p_range).own_xid
            AND p_command::text::bigint BETWEEN (p_range).own_from AND (p_range).own_until
        )
$$;
COMMENT ON FUNCTION health_internal.is_arrived(xid8, cid, health_internal.arrival_range) IS
'Whether a row of this transaction and command (its txid and cmin) is to be folded by the tick of p_range: the '
'three branches, each a range of the index on txid. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.arrived_heartbeats(p_range health_internal.arrival_range)
RETURNS TABLE (
    agent_id text,
    received_at timestamptz,
    sent_at timestamptz,
    state text,
    run_id text,
    work_items_processed bigint,
    error_count bigint,
    average_processing_time_ms double precision,
    cpu_usage_percent double precision,
    memory_usage_mb double precision,
    memory_limit_mb double precision,
    cost_efficiency double precision,
    user_satisfaction double precision,
    operational_efficiency double precision,
    revenue_impact_usd double precision
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id::text,
        arrived.received_at,
        arrived.sent_at,
        arrived.state::text,
        arrived.run_id::text,
        arrived.work_items_processed::bigint,
        arrived.error_count::bigint,
        arrived.average_processing_time_ms::double precision,
        arrived.cpu_usage_percent::double precision,
        arrived.memory_usage_mb::double precision,
        arrived.memory_limit_mb::double precision,
        arrived.cost_efficiency::double precision,
        arrived.user_satisfaction::double precision,
        arrived.operational_efficiency::double precision,
        arrived.revenue_impact_usd::double precision
    FROM health.agent_heartbeats AS arrived
    WHERE arrived.received_at >= (p_range).received_from
        AND health_internal.is_arrived(arrived.txid, arrived.cmin, p_range)
    UNION ALL
    SELECT
        arrived.agent_id::text,
        arrived.received_at,
        arrived.sent_at,
        arrived.state::text,
        arrived.run_id::text,
        arrived.work_items_processed::bigint,
        arrived.error_count::bigint,
        arrived.average_processing_time_ms::double precision,
        arrived.cpu_usage_percent::double precision,
        arrived.memory_usage_mb::double precision,
        arrived.memory_limit_mb::double precision,
        arrived.cost_efficiency::double precision,
        arrived.user_satisfaction::double precision,
        arrived.operational_efficiency::double precision,
        arrived.revenue_impact_usd::double precision
    FROM health.ingest_heartbeats AS arrived
    WHERE arrived.received_at >= (p_range).received_from
        AND health_internal.is_arrived(arrived.txid, arrived.cmin, p_range)
$$;
COMMENT ON FUNCTION health_internal.arrived_heartbeats(health_internal.arrival_range) IS
'Heartbeats to fold, with the columns of health_internal.beat; rows received before '
'p_range.received_from are history and left out, which spares their partitions. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.arrived_metrics(p_range health_internal.arrival_range)
RETURNS TABLE (
    agent_id text,
    metric_name text,
    metric_value double precision,
    unit text,
    received_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id::text,
        arrived.metric_name::text,
        arrived.metric_value::double precision,
        arrived.unit::text,
        arrived.received_at
    FROM health.performance_metrics AS arrived
    WHERE health_internal.is_arrived(arrived.txid, arrived.cmin, p_range)
$$;
COMMENT ON FUNCTION health_internal.arrived_metrics(health_internal.arrival_range) IS
'Metric values to fold. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.arrived_events(p_range health_internal.arrival_range)
RETURNS TABLE (
    agent_id text,
    event_type text,
    severity text,
    received_at timestamptz
)
LANGUAGE sql
STABLE
AS $$
    SELECT
        arrived.agent_id::text,
        arrived.event_type::text,
        arrived.severity::text,
        arrived.received_at
    FROM health.system_events AS arrived
    WHERE health_internal.is_arrived(arrived.txid, arrived.cmin, p_range)
$$;
COMMENT ON FUNCTION health_internal.arrived_events(health_internal.arrival_range) IS
'Events to fold. Inlined.';

CREATE OR REPLACE FUNCTION health_internal.arrived_agent_changes(
    p_range health_internal.arrival_range
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
    WHERE health_internal.is_arrived(arrived.txid, arrived.cmin, p_range)
$$;
COMMENT ON FUNCTION health_internal.arrived_agent_changes(health_internal.arrival_range) IS
'Agents whose configuration changed. Inlined.';

COMMIT;
