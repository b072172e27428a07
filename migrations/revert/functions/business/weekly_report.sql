BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.queue_report(timestamptz);
DROP FUNCTION health_internal.report_text(jsonb);

COMMIT;
