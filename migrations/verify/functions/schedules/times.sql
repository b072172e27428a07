BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.schedule_day(health_internal.schedule_plan, date, integer)'::regprocedure;
    PERFORM 'health_internal.clock_offset(text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.clock_change(text, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.runs_of_day(integer [], boolean, text, date)'::regprocedure;
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
