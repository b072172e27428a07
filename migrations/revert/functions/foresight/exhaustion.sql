BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_resource_limit(text, double precision, text, timestamptz);
DROP FUNCTION health_internal.find_exhaustion(timestamptz);
DROP FUNCTION health_internal.foresee_exhaustion(timestamptz);
DROP FUNCTION health_internal.resource_samples(timestamptz);
DROP FUNCTION health_internal.foretell_exhaustion(health_internal.resource_trends);
DROP FUNCTION health_internal.moved_trend(
    health_internal.resource_trends, timestamptz, double precision, double precision
);

COMMIT;
