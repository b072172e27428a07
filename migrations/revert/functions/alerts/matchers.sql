BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.agent_matcher_keys();
DROP FUNCTION health_internal.check_matchers(jsonb, text []);
DROP FUNCTION health_internal.matches_alert(jsonb, text, text);
DROP FUNCTION health_internal.matches_agent(jsonb, health.agents);

COMMIT;
