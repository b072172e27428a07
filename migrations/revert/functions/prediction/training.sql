BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.train_failure_model(interval, timestamptz, interval, integer, integer, jsonb);
DROP FUNCTION health_internal.publish_model(bigint, text, jsonb, integer, double precision, boolean);
DROP FUNCTION health_internal.top_families(bigint, text);

COMMIT;
