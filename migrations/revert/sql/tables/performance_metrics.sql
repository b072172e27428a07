BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.metric_series;
DROP TABLE health.performance_metrics;

COMMIT;
