BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.end_shadow_policy(text, timestamptz);
DROP FUNCTION health.add_shadow_policy(text, jsonb, text, timestamptz);
DROP FUNCTION health_internal.judge_shadows(timestamptz);
DROP FUNCTION health_internal.judge_shadow(bigint, health.policies, timestamptz);

COMMIT;
