BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.agent_logins;
DROP TABLE health.agent_sessions;
DROP TABLE health_internal.agent_changes;
DROP TABLE health.agents;

COMMIT;
