BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.told_runs(timestamptz, health_internal.arrival_range);
DROP FUNCTION health_internal.recent_signals(timestamptz, health_internal.arrival_range);
DROP FUNCTION health_internal.arrived_signals(health_internal.arrival_range);

COMMIT;
