BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.roll_up_heartbeats(text, timestamptz);

COMMIT;
