BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.sandbox_objects(text [])'::regprocedure;
    PERFORM 'health_internal.sandboxed(text, text, text [])'::regprocedure;
    PERFORM (
        'health_internal.sandbox_statement('
        || 'health_internal.sandbox_object, text []'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.build_sandbox(text [])'::regprocedure;
END;
$$;

ROLLBACK;
