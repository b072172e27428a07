BEGIN;

SET LOCAL ROLE health_owner;

DROP TYPE health_internal.gap_memory;
DROP TABLE health.agent_status;

COMMIT;
