BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.create_partition('
        || 'text, timestamptz, timestamptz, boolean'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.drop_partition(text)'::regprocedure;
END;
$$;

ROLLBACK;
