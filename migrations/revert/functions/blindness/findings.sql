BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.tell_blindness(timestamptz);

COMMIT;
