BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.usage_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.usage_sums(timestamptz, timestamptz);

COMMIT;
