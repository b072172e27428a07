BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_policy(text, jsonb, text);
DROP FUNCTION health.resolve_alert(bigint, text, text, timestamptz);
DROP FUNCTION health.unacknowledge_alert(bigint, text, timestamptz);
DROP FUNCTION health.acknowledge_alert(bigint, text, text, timestamptz, boolean, timestamptz);
DROP FUNCTION health_internal.be_brief();

COMMIT;
