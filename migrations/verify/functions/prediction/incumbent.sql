BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.compare_with_used(interval, timestamptz, double precision [], integer [], double precision)'::regprocedure;
END;
$$;

ROLLBACK;
