BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.await_ingest(timestamptz);
DROP FUNCTION health_internal.notice_fleet_silence(timestamptz);

COMMIT;
