BEGIN;

DO $$
BEGIN
    PERFORM (
        'health.schedule_maintenance('
        || 'jsonb, timestamptz, timestamptz, text, text, text, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM (
        'health.schedule_weekly_maintenance('
        || 'jsonb, integer [], time, time, text, text, text, text, timestamptz, timestamptz, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health.cancel_maintenance(bigint, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
