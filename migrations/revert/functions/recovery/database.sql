BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.terminate_stuck_sessions(timestamptz, text);
DROP FUNCTION health_internal.watch_stuck_sessions(timestamptz);
DROP FUNCTION health_internal.find_stuck_sessions();

COMMIT;
