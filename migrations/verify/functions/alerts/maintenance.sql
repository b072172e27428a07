BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.first_instant(timestamp, text)'::regprocedure;
    PERFORM (
        'health_internal.maintenance_until('
        || 'health.maintenance_windows, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.in_maintenance(text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.note_maintenance(timestamptz, text [], text [])'::regprocedure;
    PERFORM 'health_internal.refresh_maintenance(timestamptz)'::regprocedure;
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
