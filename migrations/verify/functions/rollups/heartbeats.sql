BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.roll_up_heartbeats(text, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
