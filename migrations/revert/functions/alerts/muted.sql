BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.muted_deliveries(timestamptz, bigint []);
DROP FUNCTION health_internal.has_mutes(timestamptz);
DROP FUNCTION health_internal.muted_incidents(timestamptz, bigint []);
DROP FUNCTION health_internal.due_at(health.deliveries);
DROP FUNCTION health_internal.is_waiting(health.deliveries, timestamptz);

COMMIT;
