BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.features_sql(bigint, boolean);
DROP FUNCTION health_internal.label_number(text);
DROP FUNCTION health_internal.feature_column(text, text, text, text, bigint);
DROP FUNCTION health_internal.event_cells_sql(bigint);
DROP FUNCTION health_internal.series_cells_sql(bigint);
DROP FUNCTION health_internal.numbered_features(bigint);
DROP FUNCTION health_internal.plain_real(double precision);

COMMIT;
