BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.dead_parents(text []);
DROP FUNCTION health.remove_dependency(text, text);
DROP FUNCTION health.add_dependency(text, text, text, integer);
DROP FUNCTION health.end_silence(bigint, text, timestamptz);
DROP FUNCTION health.silence(jsonb, timestamptz, text, text, timestamptz);

COMMIT;
