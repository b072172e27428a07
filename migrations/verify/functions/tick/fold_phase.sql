BEGIN;

DO $$
BEGIN
    PERFORM 'health_internal.fold_phase(timestamptz, boolean)'::regprocedure;
END;
$$;

ROLLBACK;
