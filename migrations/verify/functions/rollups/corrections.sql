BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.correct_rollups(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
