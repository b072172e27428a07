BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.bundle_deliveries(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
