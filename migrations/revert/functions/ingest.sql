BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.bridge_heartbeat(text, jsonb);
DROP FUNCTION health.attach(text);
DROP FUNCTION health.log_system_event(text, text, text, jsonb, timestamptz);
DROP FUNCTION health.log_performance_metric(text, text, double precision, text, timestamptz);
DROP FUNCTION health.update_agent_state(text, text);
DROP FUNCTION health.heartbeat(text, text, jsonb);
DROP FUNCTION health_internal.counter_of(jsonb, text);
DROP FUNCTION health_internal.number_of(jsonb, text, text);
DROP FUNCTION health.register_agent(text, text, text, interval, jsonb, text);

COMMIT;
