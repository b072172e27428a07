BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.adopt_rows(pg_snapshot, xid8)'::regprocedure;
END;
$$;

ROLLBACK;
