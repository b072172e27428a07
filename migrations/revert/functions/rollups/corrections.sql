BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.correct_rollups(timestamptz);

COMMIT;
