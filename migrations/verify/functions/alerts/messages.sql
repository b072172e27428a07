BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.incident_message('
        || 'timestamptz, bigint, text, integer, text'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
