BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.features_of_steps_sql(bigint);
DROP FUNCTION health_internal.feature_columns(bigint, boolean);
DROP FUNCTION health_internal.since_sql(text);
DROP FUNCTION health_internal.deviation(double precision, double precision, double precision);
DROP FUNCTION health_internal.difference(double precision, double precision);
DROP FUNCTION health_internal.label_number(text);
DROP FUNCTION health_internal.plain_real(double precision);

COMMIT;
