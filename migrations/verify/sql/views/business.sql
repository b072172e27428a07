BEGIN;

SELECT FROM health.availability WHERE false;

SELECT FROM health.kpis WHERE false;

SELECT FROM health.business_impact WHERE false;

ROLLBACK;
