BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.time_mass(double precision, double precision);
DROP FUNCTION health_internal.moved_processing(
    double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.clipped(double precision, double precision, bigint);
DROP FUNCTION health_internal.kept_of_run(timestamptz, timestamptz, double precision);
DROP FUNCTION health_internal.kept_share(double precision, double precision);
DROP FUNCTION health_internal.moved_mean(double precision, double precision, double precision);
DROP FUNCTION health_internal.decayed_sum(double precision, double precision);
DROP FUNCTION health_internal.decay(double precision, double precision);
DROP FUNCTION health_internal.seconds_between(timestamptz, timestamptz);

COMMIT;
