BEGIN;

DO $$
BEGIN
    PERFORM 'health.set_escalation_policy(text, jsonb, jsonb, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
