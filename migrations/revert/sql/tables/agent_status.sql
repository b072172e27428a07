BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.turn;
DROP TYPE health_internal.beat;
DROP TABLE health.agent_status;

COMMIT;
