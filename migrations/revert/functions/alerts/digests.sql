BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.note_digests(boolean);
DROP FUNCTION health_internal.compose_digests(health_internal.digest_line []);

COMMIT;
