BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.end_lost_leases(timestamptz);

COMMIT;
