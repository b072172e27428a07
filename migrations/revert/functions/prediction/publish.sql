BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.publish_model(bigint, text, jsonb, integer, double precision, boolean);
DROP FUNCTION health_internal.top_families(bigint, text);
DROP FUNCTION health_internal.verdict_of(double precision, double precision, double precision, double precision, double precision, text, double precision, double precision, double precision, text);

COMMIT;
