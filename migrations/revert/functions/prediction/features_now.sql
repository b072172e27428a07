BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.features_now_sql(bigint);
DROP FUNCTION health_internal.present_events_sql(bigint);
DROP FUNCTION health_internal.present_series_sql(bigint);

COMMIT;
