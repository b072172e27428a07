BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.recommend_from_engine(timestamptz);
DROP FUNCTION health_internal.recommend_from_alerts(timestamptz);

COMMIT;
