BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.recommend_from_alerts(timestamptz)'::regprocedure;
    PERFORM 'health_internal.recommend_from_engine(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
