BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.predict_failures(timestamptz, interval, bigint);
DROP FUNCTION health_internal.score_agents(bigint, timestamptz, integer);

COMMIT;
