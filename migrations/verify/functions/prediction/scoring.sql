BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.score_agents(bigint, timestamptz, integer)'::regprocedure;
    PERFORM 'health.predict_failures(timestamptz, interval, bigint)'::regprocedure;
END;
$$;

ROLLBACK;
