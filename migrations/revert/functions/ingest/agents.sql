BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.attach(text);
DROP FUNCTION health.register_agent(text, text, text, interval, jsonb, text);

COMMIT;
