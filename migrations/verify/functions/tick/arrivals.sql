BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.snapshot_without(pg_snapshot, xid8)'::regprocedure;
    PERFORM (
        'health_internal.is_arrived('
        || 'xid8, cid, health_internal.arrival_range'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.arrived_heartbeats(health_internal.arrival_range)'::regprocedure;
    PERFORM 'health_internal.arrived_metrics(health_internal.arrival_range)'::regprocedure;
    PERFORM 'health_internal.arrived_events(health_internal.arrival_range)'::regprocedure;
    PERFORM 'health_internal.arrived_agent_changes(health_internal.arrival_range)'::regprocedure;
END;
$$;

ROLLBACK;
