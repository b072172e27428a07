BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recommend_from_agents(timestamptz);
DROP FUNCTION health_internal.recommend_from_recoveries(timestamptz);
DROP FUNCTION health_internal.recommend_from_exhaustion(timestamptz);

COMMIT;
