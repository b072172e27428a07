BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.incident_facts(timestamptz, bigint []);

COMMIT;
