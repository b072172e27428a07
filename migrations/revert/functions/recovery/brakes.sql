BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.apply_brakes(timestamptz, text, bigint []);

COMMIT;
