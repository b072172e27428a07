BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.open_recovery_failed(timestamptz, text [], text);
DROP FUNCTION health_internal.act_on_alerts(timestamptz);
DROP FUNCTION health_internal.queue_deliveries(timestamptz, bigint [], text);
DROP FUNCTION health_internal.severity_rank(text);

COMMIT;
