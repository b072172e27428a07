BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.report_recommendations()'::regprocedure;
    PERFORM 'health_internal.report_days(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.report_agents(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health.executive_report(timestamptz, timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
