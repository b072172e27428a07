BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.severity_rank(text)'::regprocedure;
    PERFORM 'health_internal.severity_of_rank(integer)'::regprocedure;
    PERFORM 'health_internal.flapping_percent(integer)'::regprocedure;
    PERFORM (
        'health_internal.decide_notification('
        || 'text, boolean, boolean, boolean, boolean, boolean, boolean, text, boolean, boolean, boolean'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
