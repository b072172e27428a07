BEGIN;

DO $$
BEGIN
    PERFORM 'health.load_history(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
