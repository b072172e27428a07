BEGIN;

DO $$
BEGIN
    PERFORM 'health.claim_recovery_actions(text, integer, text [], timestamptz)'::regprocedure;
    PERFORM 'health_internal.failure_reason(text, jsonb)'::regprocedure;
    PERFORM 'health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz)'::regprocedure;
    PERFORM 'health.renew_lease(text, bigint, bigint, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
