BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.fold_agent_changes('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.register_unknown('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.add_missing_agents()'::regprocedure;
    PERFORM 'health_internal.event_weight(text)'::regprocedure;
    PERFORM (
        'health_internal.fold_events('
        || 'timestamptz, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.fold_metrics('
        || 'timestamptz, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.watch_sessions(timestamptz, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
