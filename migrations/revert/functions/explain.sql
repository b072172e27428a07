BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health.explain(text);

COMMIT;
