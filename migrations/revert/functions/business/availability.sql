BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.availability_between(timestamptz, timestamptz, text, text, text, timestamptz);
DROP FUNCTION health_internal.service_seconds(timestamptz, timestamptz, text []);
DROP FUNCTION health_internal.service_seconds_measured(timestamptz, timestamptz, text []);

COMMIT;
