BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.bridge_heartbeat(text, jsonb);
DROP FUNCTION health.update_agent_state(text, text);
DROP FUNCTION health.heartbeat(text, text, jsonb);
DROP FUNCTION health_internal.counter_of(jsonb, text);
DROP FUNCTION health_internal.number_of(jsonb, text, text);

COMMIT;
