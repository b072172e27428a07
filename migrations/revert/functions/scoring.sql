BEGIN;

SET LOCAL ROLE health_owner;

DROP FUNCTION health_internal.score_business_impact(
    double precision, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.score_resource_efficiency(
    double precision, double precision, double precision, double precision, double precision,
    double precision, double precision, double precision
);
DROP FUNCTION health_internal.seconds_to_exhaustion(
    double precision, double precision, double precision, double precision, double precision,
    double precision, double precision
);
DROP FUNCTION health_internal.score_error_rate(
    double precision, double precision, double precision, double precision, double precision,
    double precision
);
DROP FUNCTION health_internal.score_performance_metrics(
    double precision, double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.open_gap_sum(
    double precision, double precision, double precision, double precision
);
DROP FUNCTION health_internal.score_job(text);
DROP FUNCTION health_internal.score_heartbeat_consistency(
    double precision, double precision, double precision, double precision, double precision,
    double precision
);
DROP FUNCTION health_internal.falling_score(double precision, double precision, double precision);
DROP FUNCTION health_internal.rising_score(double precision);
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
