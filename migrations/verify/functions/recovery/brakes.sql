BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.apply_brakes(timestamptz, text, bigint [])'::regprocedure;
END;
$$;

ROLLBACK;
