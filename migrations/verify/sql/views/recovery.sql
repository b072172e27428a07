BEGIN;

SELECT FROM health.recovery_backlog WHERE false;

SELECT FROM health.recovery_trail WHERE false;

SELECT FROM health.recovery_history WHERE false;

DO $$
BEGIN
    PERFORM (
        'health_internal.step_text('
        || 'text, jsonb, text, text, jsonb, timestamptz, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
