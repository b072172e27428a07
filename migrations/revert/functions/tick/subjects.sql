BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.subjects(health_internal.turn);

COMMIT;
