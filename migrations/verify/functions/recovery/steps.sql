BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.step_after(jsonb, integer, boolean, text)'::regprocedure;
    PERFORM 'health_internal.tell_finished(timestamptz, bigint [])'::regprocedure;
    PERFORM (
        'health_internal.end_steps('
        || 'timestamptz, bigint [], text, text, jsonb, boolean, bigint'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
