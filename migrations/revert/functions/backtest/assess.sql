BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.assess_under(health.policies, timestamptz);

COMMIT;
