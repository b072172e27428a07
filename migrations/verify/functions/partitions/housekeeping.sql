BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.raw_tables()'::regprocedure;
    PERFORM 'health_internal.missing_partitions(timestamptz)'::regprocedure;
    PERFORM 'health_internal.expired_partitions(timestamptz)'::regprocedure;
    PERFORM 'health_internal.sweep(timestamptz)'::regprocedure;
    PERFORM 'health.run_housekeeping()'::regprocedure;
END;
$$;

ROLLBACK;
