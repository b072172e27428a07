BEGIN;

DO $$
BEGIN
    PERFORM (
        'health_internal.moved_trend('
        || 'health_internal.resource_trends, timestamptz, double precision, double precision'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.line_reaches('
        || 'double precision, double precision, double precision, double precision, double precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.foretell_exhaustion(health_internal.resource_trends)'::regprocedure;
END;
$$;

ROLLBACK;
