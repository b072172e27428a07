BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.status_transitions;

COMMIT;
