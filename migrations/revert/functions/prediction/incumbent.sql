BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.compare_with_used(interval, timestamptz, double precision [], integer [], double precision);

COMMIT;
