BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.load_history(timestamptz, timestamptz);

COMMIT;
