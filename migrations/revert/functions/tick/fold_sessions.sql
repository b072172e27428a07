BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.watch_sessions(timestamptz, boolean);

COMMIT;
