BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.learn_baselines(text [], text [], double precision [], timestamptz);
DROP FUNCTION health_internal.baseline_spread(
    double precision, double precision, bigint, double precision
);
DROP FUNCTION health_internal.baseline_center(
    double precision, double precision, bigint, double precision
);
DROP FUNCTION health_internal.baseline_step(
    double precision, double precision, bigint, double precision
);
DROP FUNCTION health_internal.least_spread(double precision);
DROP FUNCTION health_internal.baseline_gain(bigint);
DROP FUNCTION health_internal.hour_of_week(timestamptz);

COMMIT;
