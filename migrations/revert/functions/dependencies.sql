BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.dead_parents(text [], timestamptz);
DROP FUNCTION health_internal.returned_parents(text [], timestamptz);
DROP FUNCTION health.remove_dependency(text, text);
DROP FUNCTION health.add_dependency(text, text, text, integer);

COMMIT;
