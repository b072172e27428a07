BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.business_row;
DROP TABLE health.business_terms;
DROP TABLE health.business_settings;

COMMIT;
