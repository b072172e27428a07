BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health.run_rollups();
DROP FUNCTION health_internal.roll_up_step(timestamptz);
DROP FUNCTION health_internal.sweep_rollups(timestamptz);

COMMIT;
