BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.record_of(timestamptz)'::regprocedure;
    PERFORM 'health_internal.choose_step(interval, double precision, double precision, integer, integer)'::regprocedure;
    PERFORM 'health_internal.choose_anchor(timestamptz, interval, double precision, timestamptz [])'::regprocedure;
    PERFORM 'health_internal.add_candidates(bigint, timestamptz, timestamptz, integer)'::regprocedure;
END;
$$;

ROLLBACK;
