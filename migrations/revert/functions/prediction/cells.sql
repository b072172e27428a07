BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.agent_facts_sql(text);
DROP FUNCTION health_internal.event_rows_sql(bigint);
DROP FUNCTION health_internal.series_codes_sql(bigint);
DROP FUNCTION health_internal.series_rows_sql(bigint);
DROP FUNCTION health_internal.beat_rows_sql(bigint);
DROP FUNCTION health_internal.metric_rows_sql(bigint);
DROP FUNCTION health_internal.cell_sql(text);
DROP FUNCTION health_internal.numbered_features(bigint);
DROP AGGREGATE health_internal.merged_spread(double precision []);

COMMIT;
