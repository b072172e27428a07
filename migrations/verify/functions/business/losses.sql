BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.business_terms_held()'::regprocedure;
    PERFORM 'health_internal.lost_revenue_rows(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.risk_rows(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
