BEGIN;

DROP FUNCTION lighthouse.shine();

COMMIT;
