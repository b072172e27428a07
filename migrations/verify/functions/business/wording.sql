BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.amount_text(numeric, text)'::regprocedure;
    PERFORM 'health_internal.trend_text(numeric, numeric, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
