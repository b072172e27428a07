BEGIN;

DO $$
BEGIN
    PERFORM 'health.silence(jsonb, timestamptz, text, text, timestamptz)'::regprocedure;
    PERFORM 'health.end_silence(bigint, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
