BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.recovery_attempt(text, text, timestamptz)'::regprocedure;
    PERFORM 'health_internal.act_on_recoveries(timestamptz)'::regprocedure;
    PERFORM 'health.claim_recovery_actions(text, integer, text [], timestamptz)'::regprocedure;
    PERFORM (
        'health.report_recovery_action('
        || 'bigint, bigint, text, jsonb, timestamptz'
        || ')'
    )::regprocedure;
    PERFORM 'health.renew_lease(text, bigint, bigint, timestamptz)'::regprocedure;
    PERFORM 'health.request_recovery(text, text, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
