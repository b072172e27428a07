BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.service_rows(timestamptz, timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.trend_rows(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.business_rows(timestamptz, timestamptz, timestamptz, text)'::regprocedure;
END;
$$;

ROLLBACK;
