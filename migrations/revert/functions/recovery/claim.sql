BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.renew_lease(text, bigint, bigint, timestamptz);
DROP FUNCTION health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz);
DROP FUNCTION health_internal.failure_reason(text, jsonb);
DROP FUNCTION health.claim_recovery_actions(text, integer, text [], timestamptz);

COMMIT;
