BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.span_text(double precision)'::regprocedure;
    PERFORM 'health_internal.number_text(double precision)'::regprocedure;
    PERFORM 'health_internal.family_text(text, text, text)'::regprocedure;
    PERFORM 'health_internal.feature_text(text, text, text, text, text, real, double precision)'::regprocedure;
    PERFORM 'health_internal.reasons_of(bigint, real [])'::regprocedure;
END;
$$;

ROLLBACK;
