BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_beats(
    health.agent_status, health_internal.beat [], double precision, timestamptz, double precision,
    double precision, double precision
);

COMMIT;
