BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.decide_incidents(timestamptz, bigint []);
DROP FUNCTION health_internal.inherit_told(timestamptz, bigint []);

COMMIT;
