BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.agent_facts_sql(text);
DROP FUNCTION health_internal.event_rows_sql(bigint);
DROP FUNCTION health_internal.series_rows_sql(bigint);
DROP FUNCTION health_internal.hour_rows_sql(bigint);
DROP FUNCTION health_internal.beat_rows_sql(bigint);
DROP FUNCTION health_internal.metric_rows_sql(bigint);
DROP FUNCTION health_internal.window_flags_sql(bigint, text);
DROP FUNCTION health_internal.feature_windows();
DROP FUNCTION health_internal.cell_sql(text);
DROP FUNCTION health_internal.series_codes(bigint);
DROP FUNCTION health_internal.numbered_features(bigint);
DROP FUNCTION health_internal.step_end(timestamptz, interval, integer);

COMMIT;
