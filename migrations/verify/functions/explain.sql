BEGIN;

DO $$
BEGIN
    PERFORM 'health.explain(text)'::regprocedure;
END;
$$;

ROLLBACK;
