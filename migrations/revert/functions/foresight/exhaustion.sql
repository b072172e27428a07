BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.set_resource_limit(text, double precision, text, timestamptz);
DROP FUNCTION health_internal.find_exhaustion(timestamptz);
DROP FUNCTION health_internal.foresee_exhaustion(timestamptz);
DROP FUNCTION health_internal.resource_samples(timestamptz);

COMMIT;
