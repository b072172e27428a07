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
END;
$$;

ROLLBACK;
