BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.end_lost_leases(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
