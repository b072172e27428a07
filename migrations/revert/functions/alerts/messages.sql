BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.incident_message(timestamptz, bigint, text, integer, text);

COMMIT;
