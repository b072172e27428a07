BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.series_sql(bigint, text);
DROP FUNCTION health_internal.series_measure_sql(text, boolean);
DROP FUNCTION health_internal.window_sums_sql(bigint, boolean);
DROP FUNCTION health_internal.spread_of(double precision, double precision, double precision);

COMMIT;
