BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.gains_sql(text, integer [], integer, text, integer)'::regprocedure;
    PERFORM 'health_internal.rank_features(bigint, text, integer)'::regprocedure;
END;
$$;

ROLLBACK;
