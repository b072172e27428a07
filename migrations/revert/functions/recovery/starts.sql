BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.obstacles_to_start(text [], double precision, timestamptz);

COMMIT;
