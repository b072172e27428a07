BEGIN;

DO $$
BEGIN
    PERFORM (
        'health.log_performance_metric('
        || 'text, text, double precision, text, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health.log_system_event(text, text, text, jsonb, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
