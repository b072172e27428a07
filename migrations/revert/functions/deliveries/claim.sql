BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.claim_deliveries(text, integer, text [], timestamptz);
DROP FUNCTION health_internal.incidents_of(health.deliveries);

COMMIT;
