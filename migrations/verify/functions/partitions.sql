BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.create_partition('
        || 'text, timestamptz, timestamptz, boolean'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.drop_partition(text)'::regprocedure;
    PERFORM 'health_internal.raw_tables()'::regprocedure;
    PERFORM 'health_internal.missing_partitions(timestamptz)'::regprocedure;
    PERFORM 'health_internal.expired_partitions(timestamptz)'::regprocedure;
    PERFORM 'health_internal.sweep(timestamptz)'::regprocedure;
    PERFORM 'health.run_housekeeping()'::regprocedure;
    PERFORM 'health.load_history(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
