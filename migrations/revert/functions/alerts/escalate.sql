BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_escalation_policy(text, jsonb, jsonb, boolean);

COMMIT;
