BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.open_freeze_windows(timestamptz)'::regprocedure;
    PERFORM 'health_internal.check_policy_class(text)'::regprocedure;
    PERFORM 'health.add_freeze_window(text, timestamptz, timestamptz, text, text)'::regprocedure;
    PERFORM (
        'health.add_weekly_freeze_window('
        || 'text, integer [], time, interval, text, text, text'
        || ')'
    )::regprocedure;
    PERFORM 'health.end_freeze_window(bigint, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
