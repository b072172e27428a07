BEGIN;

SET LOCAL ROLE health_owner;

DROP VIEW health.series_refusals;
DROP VIEW health.series;
DROP VIEW health.usual_values;

COMMIT;
