BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.agent_reason(boolean, double precision, text []);
DROP FUNCTION health_internal.detect_agent(
    double precision [], timestamptz, double precision, double precision, bigint
);
DROP TYPE health_internal.agent_detection;

COMMIT;
