BEGIN;

SET LOCAL ROLE health_owner;

REVOKE EXECUTE ON FUNCTION
health_internal.accused_at(timestamptz, double precision, health_internal.blindness),
health_internal.blind_seconds(timestamptz, timestamptz),
health_internal.recent_blindness(),
health_internal.recent_blind_seconds(timestamptz, timestamptz, health_internal.blindness)
FROM health_analyst, health_bridge;
DROP VIEW health.expectations;

COMMIT;
