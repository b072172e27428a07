BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.features_now_sql(bigint)'::regprocedure;
END;
$$;

ROLLBACK;
