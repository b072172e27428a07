BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.trouble_began_at(text, timestamptz)'::regprocedure;
    PERFORM (
        'health_internal.open_alerts('
        || 'timestamptz, health_internal.alert_change []'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.close_alerts(timestamptz, bigint [])'::regprocedure;
END;
$$;

ROLLBACK;
