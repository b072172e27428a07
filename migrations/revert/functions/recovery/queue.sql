BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.request_recovery(text, text, text, timestamptz);
DROP FUNCTION health_internal.queue_recoveries(timestamptz, text [], text []);
DROP FUNCTION health_internal.enqueue_recoveries(timestamptz, text [], text [], bigint []);

COMMIT;
