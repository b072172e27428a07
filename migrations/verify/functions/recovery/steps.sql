BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.step_after(jsonb, integer, boolean, text)'::regprocedure;
    PERFORM 'health_internal.begin_steps(timestamptz, bigint [], text)'::regprocedure;
    PERFORM 'health_internal.tell_finished(timestamptz, bigint [])'::regprocedure;
    PERFORM (
        'health_internal.end_steps('
        || 'timestamptz, bigint [], text, text, jsonb, boolean'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
