BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.gap_bin(double precision)'::regprocedure;
    PERFORM 'health_internal.gap_unit(bigint)'::regprocedure;
    PERFORM (
        'health_internal.learn_gaps('
        || 'health_internal.gap_memory, double precision []'
        || ')'
    )::regprocedure;
    PERFORM (
        'health_internal.deadline_intervals('
        || 'real [], bigint, double precision, double precision, double precision, double '
        || 'precision'
        || ')'
    )::regprocedure;
    PERFORM 'health_internal.blind_seconds(timestamptz, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
