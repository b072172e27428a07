BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.matches_agent(jsonb, health.agents)'::regprocedure;
    PERFORM 'health_internal.matches_alert(jsonb, text, text)'::regprocedure;
    PERFORM 'health_internal.check_matchers(jsonb, text [])'::regprocedure;
    PERFORM 'health_internal.agent_matcher_keys()'::regprocedure;
END;
$$;

ROLLBACK;
