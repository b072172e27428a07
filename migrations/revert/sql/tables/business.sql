BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.business_row;
DROP TABLE health_internal.rollup_corrections;
DROP TABLE health_internal.rollup_state;
DROP TABLE health.agent_days;
DROP TABLE health.agent_hours;
DROP TABLE health.business_figures;
DROP TABLE health.business_terms;
DROP TABLE health.business_settings;

COMMIT;
