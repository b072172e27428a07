BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.reasons_of(bigint, real []);
DROP FUNCTION health_internal.feature_text(text, text, text, text, text, real, double precision);
DROP FUNCTION health_internal.family_text(text, text, text);
DROP FUNCTION health_internal.number_text(double precision);
DROP FUNCTION health_internal.span_text(double precision);

COMMIT;
