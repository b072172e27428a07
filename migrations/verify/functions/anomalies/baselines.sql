BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.hour_of_week(timestamptz)'::regprocedure;
    PERFORM 'health_internal.baseline_gain(bigint)'::regprocedure;
    PERFORM 'health_internal.least_spread(double precision)'::regprocedure;
    PERFORM
        'health_internal.baseline_step(double precision, double precision, bigint, double precision)'::regprocedure;
    PERFORM
        'health_internal.baseline_center(double precision, double precision, bigint, double precision)'::regprocedure;
    PERFORM
        'health_internal.baseline_spread(double precision, double precision, bigint, double precision)'::regprocedure;
    PERFORM
        'health_internal.learn_baselines(text [], text [], double precision [], timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
