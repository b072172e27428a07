BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.recommend_from_exhaustion(timestamptz)'::regprocedure;
    PERFORM 'health_internal.recommend_from_recoveries(timestamptz)'::regprocedure;
    PERFORM 'health_internal.recommend_from_agents(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
