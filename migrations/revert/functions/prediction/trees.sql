BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.grow_trees(bigint, text, jsonb, integer, integer);

COMMIT;
