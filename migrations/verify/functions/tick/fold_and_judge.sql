BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.fold_and_judge('
        || 'timestamptz, bigint, xid8, xid8 [], pg_snapshot, xid8, bigint, bigint, xid8, '
        || 'bigint, timestamptz, boolean, boolean'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
