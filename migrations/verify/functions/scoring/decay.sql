BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.decay(double precision, double precision)'::regprocedure;
    PERFORM 'health_internal.seconds_between(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.decayed_sum(double precision, double precision)'::regprocedure;
    PERFORM (
        'health_internal.moved_mean('
        || 'double precision, double precision, double precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.kept_share(double precision, double precision)'::regprocedure;
    PERFORM (
        'health_internal.kept_of_run(timestamptz, timestamptz, double precision)'
    )::regprocedure;
    PERFORM (
        'health_internal.moved_processing('
        || 'double precision, double precision, double precision, double precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.clipped(double precision, double precision, bigint)'::regprocedure;
    PERFORM 'health_internal.time_mass(double precision, double precision)'::regprocedure;
END;
$$;

ROLLBACK;
