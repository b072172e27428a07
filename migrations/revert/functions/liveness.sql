BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.blind_seconds(timestamptz, timestamptz);
DROP FUNCTION health_internal.deadline_intervals(
    real [], bigint, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.learn_gaps(health_internal.gap_memory, double precision []);
DROP FUNCTION health_internal.gap_unit(bigint);
DROP FUNCTION health_internal.gap_bin(double precision);

COMMIT;
