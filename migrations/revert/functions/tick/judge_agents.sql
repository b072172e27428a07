BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.judge_agents(health_internal.turn, health.policies);

COMMIT;
