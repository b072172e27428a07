BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.unheard_messages(timestamptz)'::regprocedure;
    PERFORM 'health.resend_messages(text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
