BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.finish_rule('
        || 'text, bigint, jsonb, text, double precision, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
