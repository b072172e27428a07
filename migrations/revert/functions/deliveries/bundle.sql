BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.bundle_deliveries(timestamptz);

COMMIT;
