BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health.run_housekeeping();
DROP FUNCTION health_internal.sweep(timestamptz);
DROP FUNCTION health_internal.expired_partitions(timestamptz);
DROP FUNCTION health_internal.missing_partitions(timestamptz);
DROP FUNCTION health_internal.raw_tables();

COMMIT;
