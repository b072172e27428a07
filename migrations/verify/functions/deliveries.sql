BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.channel_tokens(health.channels, timestamptz)'::regprocedure;
    PERFORM 'health_internal.incidents_of(health.deliveries)'::regprocedure;
    PERFORM 'health.claim_deliveries(text, integer, text [], timestamptz)'::regprocedure;
    PERFORM 'health.report_delivery(bigint, bigint, text, jsonb, timestamptz)'::regprocedure;
    PERFORM 'health_internal.bundle_deliveries(timestamptz)'::regprocedure;
    PERFORM (
        'health.set_channel('
        || 'text, text, text, boolean, boolean, double precision, integer'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
