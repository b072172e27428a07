BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.notify(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
