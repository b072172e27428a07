BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.run_own_steps(timestamptz);
DROP FUNCTION health_internal.verify_recoveries(timestamptz);
DROP FUNCTION health_internal.rescue_recoveries(timestamptz);

COMMIT;
