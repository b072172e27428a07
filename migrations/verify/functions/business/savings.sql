BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.saved_rows(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.return_rows(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
