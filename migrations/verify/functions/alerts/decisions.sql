BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.inherit_told(timestamptz, bigint [])'::regprocedure;
    PERFORM 'health_internal.decide_incidents(timestamptz, bigint [])'::regprocedure;
END;
$$;

ROLLBACK;
