BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.heartbeat_measures();
DROP FUNCTION health_internal.is_watched(text);
DROP VIEW health_internal.agent_history;
DROP VIEW health_internal.failure_moments;

COMMIT;
