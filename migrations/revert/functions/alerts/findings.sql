BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.note_unconfirmed(timestamptz);
DROP FUNCTION health_internal.check_engine(timestamptz);
DROP FUNCTION health_internal.engine_findings(timestamptz);
DROP FUNCTION health_internal.broken_channels(timestamptz);

COMMIT;
