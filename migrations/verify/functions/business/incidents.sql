BEGIN;

DO $$
BEGIN
    PERFORM 'health.mark_false_positive(bigint, text, text, boolean, timestamptz)'::regprocedure;
    PERFORM 'health_internal.business_incidents(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.incident_rows(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.recovery_rows(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
