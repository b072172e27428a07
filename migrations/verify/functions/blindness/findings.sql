BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.tell_blindness(timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
