BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_phase(timestamptz, boolean);

COMMIT;
