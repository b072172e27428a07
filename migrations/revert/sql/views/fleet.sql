BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.recent_heartbeats;
DROP VIEW health.agent_timeline;
DROP VIEW health.fleet;

COMMIT;
