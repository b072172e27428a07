BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.inherit_told(timestamptz)'::regprocedure;
    PERFORM 'health_internal.decide_incidents(timestamptz)'::regprocedure;
    PERFORM 'health_internal.notify(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
