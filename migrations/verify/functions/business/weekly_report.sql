BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.report_text(jsonb)'::regprocedure;
    PERFORM 'health_internal.queue_report(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
