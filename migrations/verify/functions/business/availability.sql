BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.service_seconds_measured('
        || 'timestamptz, timestamptz, text []'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.service_seconds(timestamptz, timestamptz, text [])'::regprocedure;
    PERFORM (
        'health.availability_between('
        || 'timestamptz, timestamptz, text, text, text, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
