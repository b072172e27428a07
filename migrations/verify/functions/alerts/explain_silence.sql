BEGIN;

DO $$
BEGIN
    PERFORM 'health.explain_silence(text, timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
