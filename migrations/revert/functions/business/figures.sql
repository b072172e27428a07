BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.business_rows(timestamptz, timestamptz, timestamptz, text);
DROP FUNCTION health_internal.trend_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.service_rows(timestamptz, timestamptz, timestamptz);

COMMIT;
