BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.moved_trend('
        || 'health_internal.resource_trends, timestamptz, double precision, double precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.foretell_exhaustion(health_internal.resource_trends)'::regprocedure;
    PERFORM 'health_internal.resource_samples(timestamptz)'::regprocedure;
    PERFORM 'health_internal.foresee_exhaustion(timestamptz)'::regprocedure;
    PERFORM 'health_internal.find_exhaustion(timestamptz)'::regprocedure;
    PERFORM 'health.set_resource_limit(text, double precision, text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
