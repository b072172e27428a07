BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.add_candidates(bigint, timestamptz, timestamptz, interval, integer)'::regprocedure;
END;
$$;

ROLLBACK;
