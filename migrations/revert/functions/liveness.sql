BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.learn_deadlines(
    real [], bigint, double precision, double precision, double precision, double precision,
    double precision, double precision
);
DROP FUNCTION health_internal.told_share(double precision, double precision);
DROP FUNCTION health_internal.deadline_limit(
    double precision, integer, double precision, bigint
);
DROP FUNCTION health_internal.moved_mean_gap(double precision, double precision, bigint);
DROP FUNCTION health_internal.moved_interval(double precision, double precision, bigint);
DROP FUNCTION health_internal.rescaled_histogram(real []);
DROP FUNCTION health_internal.gap_mass(bigint);
DROP FUNCTION health_internal.gap_unit(bigint);
DROP FUNCTION health_internal.gap_bin(double precision);

COMMIT;
