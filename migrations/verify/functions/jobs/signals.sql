BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.arrived_signals('
        || 'xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.fold_signals('
        || 'timestamptz, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, bigint'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
