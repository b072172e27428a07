BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.step_minute(timestamptz, timestamptz, bigint, integer);
DROP FUNCTION health_internal.step_points(timestamptz, timestamptz, bigint []);

COMMIT;
