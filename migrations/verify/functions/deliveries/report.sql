BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.retry_seconds(integer)'::regprocedure;
    PERFORM 'health.report_delivery(bigint, bigint, text, jsonb, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
