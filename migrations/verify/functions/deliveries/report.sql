BEGIN;

DO $$
BEGIN
    PERFORM 'health.report_delivery(bigint, bigint, text, jsonb, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
