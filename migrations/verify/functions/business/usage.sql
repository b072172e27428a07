BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.usage_sums(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.usage_rows(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
