BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.adopt_rows(pg_snapshot, xid8);

COMMIT;
