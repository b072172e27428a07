BEGIN;

SELECT FROM health.fleet WHERE false;

SELECT FROM health.agent_timeline WHERE false;

SELECT FROM health.recent_heartbeats WHERE false;

ROLLBACK;
