BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.add_candidates(bigint, timestamptz, timestamptz, interval, integer);

COMMIT;
