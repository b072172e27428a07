BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.resource_samples(timestamptz)'::regprocedure;
    PERFORM 'health_internal.foresee_exhaustion(timestamptz)'::regprocedure;
    PERFORM 'health_internal.find_exhaustion(timestamptz)'::regprocedure;
    PERFORM 'health.set_resource_limit(text, double precision, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
