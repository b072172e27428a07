BEGIN;

DO $$
BEGIN
    PERFORM 'health.register_agent(text, text, text, interval, jsonb, text)'::regprocedure;
    PERFORM 'health.attach(text)'::regprocedure;
END;
$$;

ROLLBACK;
