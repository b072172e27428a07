BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recovery_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.incident_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.business_incidents(timestamptz, timestamptz);
DROP FUNCTION health.mark_false_positive(bigint, text, text, boolean, timestamptz);

COMMIT;
