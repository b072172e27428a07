BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.arrived_agent_changes(health_internal.arrival_range);
DROP FUNCTION health_internal.arrived_events(health_internal.arrival_range);
DROP FUNCTION health_internal.arrived_metrics(health_internal.arrival_range);
DROP FUNCTION health_internal.arrived_heartbeats(health_internal.arrival_range);
DROP FUNCTION health_internal.is_arrived(xid8, cid, health_internal.arrival_range);
DROP FUNCTION health_internal.snapshot_without(pg_snapshot, xid8);

COMMIT;
