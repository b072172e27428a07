BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.seconds_until_tick(timestamptz);
DROP FUNCTION health_internal.has_cron_ticked(timestamptz);
DROP FUNCTION health_internal.next_suspicion_at(timestamptz);
DROP FUNCTION health_internal.held_sessions();

COMMIT;
