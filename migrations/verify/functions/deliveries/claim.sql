BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.incidents_of(health.deliveries)'::regprocedure;
    PERFORM 'health.claim_deliveries(text, integer, text [], timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
