BEGIN;

DO $$
BEGIN
    PERFORM 'health.kpis_between(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM (
        'health.business_impact_detail('
        || 'timestamptz, timestamptz, text, timestamptz'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
