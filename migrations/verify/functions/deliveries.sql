BEGIN;

DO $$
BEGIN
    PERFORM 'health.claim_deliveries(text, integer, text [], timestamptz)'::regprocedure;
    PERFORM 'health.report_delivery(bigint, bigint, text, jsonb, timestamptz)'::regprocedure;
    PERFORM 'health.set_channel(text, text, text, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
