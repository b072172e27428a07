BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.features_now_sql(bigint);

COMMIT;
