BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_phase(timestamptz, boolean);
DROP FUNCTION health_internal.beat_as_engine(timestamptz, health_internal.engine);

COMMIT;
