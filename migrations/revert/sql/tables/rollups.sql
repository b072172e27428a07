BEGIN;

SET LOCAL ROLE health_owner;

DROP TABLE health_internal.rollup_corrections;
DROP TABLE health_internal.rollup_state;
DROP TABLE health.agent_days;
DROP TABLE health.agent_hours;

COMMIT;
