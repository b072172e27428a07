BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.replay_ticks(text, timestamptz, timestamptz, interval);

COMMIT;
