BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.gap_bin(double precision)'::regprocedure;
    PERFORM 'health_internal.gap_unit(bigint)'::regprocedure;
    PERFORM 'health_internal.gap_mass(bigint)'::regprocedure;
    PERFORM (
        'health_internal.deadline_limit('
        || 'double precision, integer, double precision, bigint'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.rescaled_histogram(real [])'::regprocedure;
    PERFORM (
        'health_internal.moved_interval('
        || 'double precision, double precision, bigint'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.moved_mean_gap('
        || 'double precision, double precision, bigint'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.told_share(double precision, double precision)'::regprocedure;
    PERFORM (
        'health_internal.learn_deadlines('
        || 'real [], bigint, double precision, double precision, double precision, double '
        || 'precision, double precision, double precision'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
