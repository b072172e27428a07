BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.severity_rank(text)'::regprocedure;
    PERFORM 'health_internal.queue_deliveries(timestamptz, bigint [], text)'::regprocedure;
    PERFORM 'health_internal.act_on_alerts(timestamptz)'::regprocedure;
    PERFORM 'health_internal.open_recovery_failed(timestamptz, text [], text)'::regprocedure;
END;
$$;

ROLLBACK;
