BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.subjects(health_internal.turn)'::regprocedure;
END;
$$;

ROLLBACK;
