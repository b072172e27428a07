BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.business_impact;
DROP VIEW health.kpis;
DROP VIEW health.availability;

COMMIT;
