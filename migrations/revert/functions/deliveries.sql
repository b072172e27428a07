BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_channel(text, text, text, boolean);
DROP FUNCTION health.report_delivery(bigint, bigint, text, jsonb, timestamptz);
DROP FUNCTION health.claim_deliveries(text, integer, text [], timestamptz);

COMMIT;
