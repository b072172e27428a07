BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.watch_flapping(timestamptz, bigint [])'::regprocedure;
END;
$$;

ROLLBACK;
