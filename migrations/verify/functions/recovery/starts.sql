BEGIN;

DO $$
BEGIN
    PERFORM 'health.obstacles_to_start(text [], double precision, timestamptz)'::regprocedure;
END;
$$;

ROLLBACK;
