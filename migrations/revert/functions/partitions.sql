BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.load_history(timestamptz, timestamptz);
DROP PROCEDURE health.run_housekeeping();
DROP FUNCTION health_internal.sweep(timestamptz);
DROP FUNCTION health_internal.expired_partitions(timestamptz);
DROP FUNCTION health_internal.missing_partitions(timestamptz);
DROP FUNCTION health_internal.raw_tables();
DROP FUNCTION health_internal.drop_partition(text);
DROP FUNCTION health_internal.create_partition(text, timestamptz, timestamptz, boolean);

COMMIT;
