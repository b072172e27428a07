BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.stuck_sessions;

COMMIT;
