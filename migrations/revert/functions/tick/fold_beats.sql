BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.fold_unusual_beats(
    bigint, health_internal.beat [], boolean, health_internal.arrival_range, timestamptz
);
DROP FUNCTION health_internal.fold_beats(
    health.agent_status, health_internal.beat [], double precision, timestamptz, double precision,
    double precision, double precision
);

COMMIT;
