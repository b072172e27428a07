BEGIN;

SET LOCAL ROLE health_owner;

DROP PROCEDURE health.run_rollups();
DROP FUNCTION health_internal.roll_up_step(timestamptz);
DROP FUNCTION health_internal.correct_rollups(timestamptz);
DROP FUNCTION health_internal.sweep_rollups(timestamptz);
DROP FUNCTION health_internal.roll_up_heartbeats(text, timestamptz);
DROP FUNCTION health_internal.roll_up_days(timestamptz, timestamptz, text []);
DROP FUNCTION health_internal.roll_up_hours(timestamptz, timestamptz, text []);

COMMIT;
