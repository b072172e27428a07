BEGIN;

DO $$
BEGIN
    PERFORM (
        'health.add_alert_rule('
        || 'text, text, text, text, interval, integer, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health.remove_alert_rule(text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.switch_alert_rule(text, boolean, timestamptz)'::regprocedure;
    PERFORM 'health.enable_alert_rule(text, timestamptz)'::regprocedure;
    PERFORM 'health.disable_alert_rule(text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
