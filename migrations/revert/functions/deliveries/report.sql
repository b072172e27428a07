BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.report_delivery(bigint, bigint, text, jsonb, timestamptz);
DROP FUNCTION health_internal.retry_seconds(integer);

COMMIT;
