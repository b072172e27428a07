BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.snapshot_without(pg_snapshot, xid8)'::regprocedure;
    PERFORM (
        'health_internal.arrived_heartbeats('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.arrived_metrics('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.arrived_events('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.arrived_agent_changes('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
