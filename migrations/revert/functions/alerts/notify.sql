BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.notify(timestamptz);

COMMIT;
