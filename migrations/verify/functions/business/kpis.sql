BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.service_rows(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.usage_sums(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.usage_rows(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.trend_rows(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.business_rows(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health.kpis_between(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM (
        'health.business_impact_detail('
        || 'timestamptz, timestamptz, text, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
