BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.find_run('
        || 'health_internal.schedule_plan, text, timestamptz, integer'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.next_run_at(text, text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.previous_run_at(text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
