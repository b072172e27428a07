BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.verdict_of(double precision, double precision, double precision, double precision, double precision, text, double precision, double precision, double precision, text)'::regprocedure;
    PERFORM 'health_internal.top_families(bigint, text)'::regprocedure;
    PERFORM 'health_internal.publish_model(bigint, text, jsonb, integer, double precision, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
