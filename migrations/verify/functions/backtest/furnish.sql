BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.copying_statement(regclass, regclass)'::regprocedure;
    PERFORM (
        'health_internal.furnish_sandbox('
        || 'text, jsonb, timestamptz, timestamptz, text []'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.swept_tables(text)'::regprocedure;
    PERFORM 'health_internal.sweep_sandbox(text)'::regprocedure;
END;
$$;

ROLLBACK;
