BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.named_policy(text);
DROP FUNCTION health_internal.check_policy_changes(jsonb);
DROP FUNCTION health_internal.changed_policy(health.policies, jsonb);

COMMIT;
