BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.gap_bin(double precision)'::regprocedure;
    PERFORM 'health_internal.gap_unit(bigint)'::regprocedure;
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
    PERFORM (
        'health_internal.learn_deadlines('
        || 'real [], bigint, double precision, double precision, double precision, double '
        || 'precision, double precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.blind_seconds(timestamptz, timestamptz)'::regprocedure;
    PERFORM 'health_internal.recent_blindness()'::regprocedure;
    PERFORM (
        'health_internal.recent_blind_seconds('
        || 'timestamptz, timestamptz, health_internal.blindness'
        || ')'
    )::regprocedure;
END;
$$;

ROLLBACK;
