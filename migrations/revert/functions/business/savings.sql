BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.return_rows(timestamptz, timestamptz);
DROP FUNCTION health_internal.saved_rows(timestamptz, timestamptz);

COMMIT;
