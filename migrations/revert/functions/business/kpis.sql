BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.business_impact_detail(timestamptz, timestamptz, text, timestamptz);
DROP FUNCTION health.kpis_between(timestamptz, timestamptz, timestamptz);

COMMIT;
