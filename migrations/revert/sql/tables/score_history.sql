BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health.score_history;

COMMIT;
