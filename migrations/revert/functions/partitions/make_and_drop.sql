BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.drop_partition(text);
DROP FUNCTION health_internal.create_partition(text, timestamptz, timestamptz, boolean);

COMMIT;
