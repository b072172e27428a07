BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.watch_flapping(timestamptz, bigint []);

COMMIT;
