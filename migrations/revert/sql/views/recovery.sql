BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.recovery_history;
DROP VIEW health.recovery_trail;
DROP VIEW health.recovery_backlog;
DROP FUNCTION health_internal.step_text(text, jsonb, text, text, jsonb, timestamptz, timestamptz);

COMMIT;
