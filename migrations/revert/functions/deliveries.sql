BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_channel(text, text, text, boolean, boolean, double precision, integer);
DROP FUNCTION health_internal.bundle_deliveries(timestamptz);
DROP FUNCTION health.report_delivery(bigint, bigint, text, jsonb, timestamptz);
DROP FUNCTION health.claim_deliveries(text, integer, text [], timestamptz);
DROP FUNCTION health_internal.incidents_of(health.deliveries);
DROP FUNCTION health_internal.channel_tokens(health.channels, timestamptz);

COMMIT;
