BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.amount_text(numeric, text)'::regprocedure;
    PERFORM 'health_internal.trend_text(numeric, numeric, boolean)'::regprocedure;
    PERFORM 'health_internal.report_recommendations()'::regprocedure;
    PERFORM 'health_internal.report_days(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.report_agents(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health.executive_report(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.report_text(jsonb)'::regprocedure;
    PERFORM 'health_internal.queue_report(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
