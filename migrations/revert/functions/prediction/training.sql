BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.train_failure_model(interval, timestamptz, interval, integer, integer, jsonb);

COMMIT;
