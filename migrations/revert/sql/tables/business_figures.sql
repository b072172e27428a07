BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.business_figures;

COMMIT;
