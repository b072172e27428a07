BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.request_recovery(text, text, text, timestamptz);
DROP FUNCTION health.renew_lease(text, bigint, bigint, timestamptz);
DROP FUNCTION health.report_recovery_action(bigint, bigint, text, jsonb, timestamptz);
DROP FUNCTION health.claim_recovery_actions(text, integer, text [], timestamptz);
DROP FUNCTION health_internal.act_on_recoveries(timestamptz);
DROP FUNCTION health_internal.recovery_attempt(text, text, timestamptz);

COMMIT;
