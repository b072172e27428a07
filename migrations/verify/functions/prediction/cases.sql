BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.make_cases(bigint, interval, timestamptz, interval, integer, integer, timestamptz, integer)'::regprocedure;
    PERFORM 'health_internal.split_cases(interval)'::regprocedure;
    PERFORM 'health_internal.make_cuts(bigint, integer)'::regprocedure;
    PERFORM 'health_internal.make_bins(bigint, integer, text [], text)'::regprocedure;
END;
$$;

ROLLBACK;
