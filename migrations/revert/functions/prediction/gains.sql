BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.rank_features(bigint, text, integer);
DROP FUNCTION health_internal.gains_sql(text, integer [], integer, text, integer);

COMMIT;
