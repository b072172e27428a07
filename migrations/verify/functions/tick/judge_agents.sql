BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.judge_agents(health_internal.turn, health.policies)'::regprocedure;
END;
$$;

ROLLBACK;
