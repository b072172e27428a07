BEGIN;

DO $$
BEGIN
    PERFORM 'health.ask(text, timestamptz)'::regprocedure;
    PERFORM 'health.claim_question(interval, timestamptz)'::regprocedure;
    PERFORM (
        'health.answer_question(bigint, smallint, text, text, jsonb, text, timestamptz)'
    )::regprocedure;
END;
$$;

ROLLBACK;
