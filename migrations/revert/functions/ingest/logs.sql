BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.log_system_event(text, text, text, jsonb, timestamptz);
DROP FUNCTION health.log_performance_metric(text, text, double precision, text, timestamptz);

COMMIT;
